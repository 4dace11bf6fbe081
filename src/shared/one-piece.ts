import type { Socket } from 'node:net'

/** Above this the copy costs more than a write of several parts. */
export const MOST_IN_ONE_PIECE = 8 * 1024

/** Where pieces are put together, one after the other: the system mostly takes one as soon as it is written. */
let room = Buffer.allocUnsafeSlow(2 * MOST_IN_ONE_PIECE)

/**
 * Writes bytes with the text before and after them (one byte a character) as one piece. False without having written anything when
 * they are too large to be copied: one write of a copy is cheaper than a write of several parts.
 */
export function wroteInOnePiece(
  socket: Pick<Socket, 'write' | 'writableLength'>,
  before: string,
  bytes: Uint8Array,
  after = '',
  done?: () => void,
): boolean {
  if (bytes.length > MOST_IN_ONE_PIECE) return false
  const size = before.length + bytes.length + after.length
  // Behind what already waits a piece will wait too, and must not hold more memory than it needs.
  const fits = size <= room.length && socket.writableLength === 0
  const whole = fits ? room.subarray(0, size) : Buffer.allocUnsafe(size)
  const start = whole.write(before, 0, 'latin1')
  whole.set(bytes, start)
  if (after !== '') whole.write(after, start + bytes.length, 'latin1')
  socket.write(whole, done)
  // What waits for the system to take it stays where it is.
  if (fits && socket.writableLength > 0) room = Buffer.allocUnsafeSlow(room.length)
  return true
}
