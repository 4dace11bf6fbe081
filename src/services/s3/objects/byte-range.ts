/** A stretch of an object: both ends count, as in the Range header. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * Reads a Range header against an object of `size` bytes. `whole`: there is none, or one that S3 ignores (another unit,
 * several ranges, not well formed). `unsatisfiable`: well formed, and no byte of the object is in it.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = header === undefined ? null : /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header)
  if (match === null) return 'whole'
  const [first, last] = [match[1]!, match[2]!]
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const suffix = Number(last)
    return suffix === 0 || size === 0 ? 'unsatisfiable' : { first: Math.max(0, size - suffix), last: size - 1 }
  }
  if (last !== '' && Number(last) < Number(first)) return 'whole'
  if (Number(first) >= size) return 'unsatisfiable'
  return { first: Number(first), last: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** `x-amz-copy-source-range`: both ends must be given and lie within the source. */
export function parseCopyRange(header: string, size: number): ByteRange | 'malformed' | 'unsatisfiable' {
  const match = /^bytes=(\d+)-(\d+)$/.exec(header)
  if (match === null) return 'malformed'
  const range = { first: Number(match[1]), last: Number(match[2]) }
  if (range.last < range.first) return 'malformed'
  return range.last >= size ? 'unsatisfiable' : range
}
