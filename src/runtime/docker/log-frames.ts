import { RuntimeError } from '../container-runtime.ts'

/** One frame of a log stream: what a container wrote at one moment, with or without its line's end. */
export interface LogFrame {
  readonly stream: 'stdout' | 'stderr'
  readonly payload: Buffer
}

const HEADER = 8
/** Engines split lines at 16 KiB; a frame of this size is none. */
const LONGEST = 16 * 1024 * 1024

/**
 * Takes the multiplexed stream of GET /containers/{id}/logs apart: each frame has a header of 8 bytes, the stream's
 * number in the first and the payload's length, big-endian, in the last four. Throws when the bytes are no such stream.
 */
export async function* logFrames(source: AsyncIterable<Buffer>): AsyncGenerator<LogFrame> {
  let chunks: Buffer[] = []
  let length = 0
  let needed = HEADER
  for await (const chunk of source) {
    chunks.push(chunk)
    length += chunk.length
    if (length < needed) continue
    let buffer = Buffer.concat(chunks, length)
    while (buffer.length >= HEADER) {
      const size = frameSize(buffer)
      if (buffer.length < HEADER + size) break
      yield { stream: buffer[0] === 2 ? 'stderr' : 'stdout', payload: buffer.subarray(HEADER, HEADER + size) }
      buffer = buffer.subarray(HEADER + size)
    }
    needed = HEADER + (buffer.length >= HEADER ? frameSize(buffer) : 0)
    chunks = [buffer]
    length = buffer.length
  }
}

function frameSize(buffer: Buffer): number {
  const size = buffer.readUInt32BE(4)
  if (buffer.readUInt8(0) > 3 || size > LONGEST) {
    throw new RuntimeError('other', 'The container engine sent logs in a form that is not known.')
  }
  return size
}
