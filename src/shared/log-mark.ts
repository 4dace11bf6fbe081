/** Up to where a container's output is stored: a moment, and how many lines of that same moment (Podman counts in seconds). */
export interface LogMark {
  /** Nanoseconds since the epoch. */
  readonly timestamp: bigint
  readonly count: number
}

export const formatMark = ({ timestamp, count }: LogMark): string => `${timestamp}/${count}`

export function parseMark(text: string): LogMark {
  const [timestamp = '0', count = '1'] = text.split('/')
  return { timestamp: BigInt(timestamp), count: Number(count) }
}

/** Tells, line by line in their order, which lie beyond the mark. */
export function afterMark(mark: LogMark | undefined): (line: { readonly timestamp: bigint }) => boolean {
  if (mark === undefined) return () => true
  let left = mark.count
  return ({ timestamp }) => {
    if (timestamp > mark.timestamp) return true
    if (timestamp === mark.timestamp && left > 0) {
      left--
      return false
    }
    return timestamp === mark.timestamp
  }
}
