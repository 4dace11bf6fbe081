import type { LogLine } from '../container-runtime.ts'
import type { LogFrame } from './log-frames.ts'

/** CloudWatch Logs takes events of at most this size. */
const LONGEST_LINE = 256 * 1024

interface Pending {
  chunks: Buffer[]
  length: number
  timestamp: bigint
  /** The newest frame, to know a replay by. */
  last: { timestamp: bigint; payload: Buffer }
}

/**
 * Joins frames to lines. Each frame begins with its RFC 3339 timestamp; a frame without a newline at its end is part of a
 * line that goes on in the next frame of the same stream. A line has the timestamp of its beginning. Lines longer than
 * `longest` bytes come in pieces, never cut within a character. What the engine sends twice is passed over. `now` is the
 * machine's time in epoch milliseconds.
 */
export async function* logLines(
  frames: AsyncIterable<LogFrame>,
  now: () => number = Date.now,
  longest = LONGEST_LINE,
): AsyncGenerator<LogLine> {
  const pending: Record<LogFrame['stream'], Pending> = { stdout: nothing(), stderr: nothing() }
  for await (const { stream, payload } of frames) {
    const line = pending[stream]
    const { timestamp, text } = splitTimestamp(payload)
    if (timestamp !== undefined) {
      if (isReplay(line, timestamp, payload, now())) continue
      line.last = { timestamp, payload: Buffer.from(payload) }
    }
    if (line.length === 0) line.timestamp = timestamp ?? line.timestamp
    const ends = text.at(-1) === 0x0a
    add(line, ends ? text.subarray(0, -1) : text)
    while (line.length > longest) yield { stream, timestamp: line.timestamp, text: takePiece(line, longest) }
    if (ends) yield { stream, timestamp: line.timestamp, text: takeAll(line) }
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const line = pending[stream]
    if (line.length > 0) yield { stream, timestamp: line.timestamp, text: takeAll(line) }
  }
}

const nothing = (): Pending => ({
  chunks: [],
  length: 0,
  timestamp: 0n,
  last: { timestamp: 0n, payload: Buffer.alloc(0) },
})

/**
 * Docker 20 may begin a log file anew for its followers when it rotates. Lines of one stream are never older than those
 * before them, unless the machine's clock was set back: then the last line lies in the future.
 */
function isReplay({ last, length }: Pending, timestamp: bigint, payload: Buffer, now: number): boolean {
  if (timestamp < last.timestamp) return BigInt(now + 1) * 1_000_000n >= last.timestamp
  // Docker's times tell any two lines apart, but the pieces of one line share theirs. Podman's are whole seconds.
  const exact = timestamp % 1_000_000_000n !== 0n
  return exact && length === 0 && timestamp === last.timestamp && payload.equals(last.payload)
}

function add(line: Pending, bytes: Buffer): void {
  if (bytes.length === 0) return
  // A copy: the frame is a view of a much larger chunk that should not be kept.
  line.chunks.push(Buffer.from(bytes))
  line.length += bytes.length
}

function takeAll(line: Pending): string {
  const bytes = Buffer.concat(line.chunks, line.length)
  line.chunks = []
  line.length = 0
  return (bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes).toString('utf8')
}

function takePiece(line: Pending, longest: number): string {
  const bytes = Buffer.concat(line.chunks, line.length)
  let end = longest
  // Back to the start of a character: continuation bytes of UTF-8 are 10xxxxxx, at most three in a row.
  while (end > longest - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  line.chunks = [bytes.subarray(end)]
  line.length = bytes.length - end
  return bytes.subarray(0, end).toString('utf8')
}

function splitTimestamp(payload: Buffer): { timestamp: bigint | undefined; text: Buffer } {
  const space = payload.subarray(0, 40).indexOf(0x20)
  const timestamp = space < 0 ? undefined : parseTimestamp(payload.toString('latin1', 0, space))
  return timestamp === undefined ? { timestamp, text: payload } : { timestamp, text: payload.subarray(space + 1) }
}

/** Nanoseconds of an RFC 3339 time (Docker has all nine digits, Podman none); undefined when it is not one. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  if (match === null) return undefined
  const [, seconds = '', fraction = '', zone = ''] = match
  const milliseconds = Date.parse(seconds + zone)
  return Number.isNaN(milliseconds) ? undefined : BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
