/** Above this the copy costs more than a write of several parts. */
const MOST_BYTES = 8 * 1024

/**
 * Bytes with the text before and after them (one byte a character) as one buffer; undefined for those that are too large to be copied:
 * one write of a copy is cheaper than a write of several parts.
 */
export function inOnePiece(before: string, bytes: Uint8Array, after = ''): Buffer | undefined {
  if (bytes.length > MOST_BYTES) return undefined
  const whole = Buffer.allocUnsafe(before.length + bytes.length + after.length)
  const start = whole.write(before, 0, 'latin1')
  whole.set(bytes, start)
  whole.write(after, start + bytes.length, 'latin1')
  return whole
}
