/** What every event counts for on top of its message. */
export const EVENT_OVERHEAD = 26

/** The longest message one event holds, in bytes of UTF-8. */
const MAX_MESSAGE_BYTES = 256 * 1024 - EVENT_OVERHEAD

/**
 * A message as the texts of the events that hold it: one, unless it is longer than an event may be; then pieces that end
 * between characters. NUL, which PostgreSQL's text cannot hold, becomes U+FFFD, as do halves of surrogate pairs.
 */
export function splitMessage(message: string): readonly { readonly message: string; readonly bytes: number }[] {
  const text = message.toWellFormed().replaceAll('\0', '\uFFFD')
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_MESSAGE_BYTES) return [{ message: text, bytes: bytes + EVENT_OVERHEAD }]
  const whole = Buffer.from(text)
  const pieces: { message: string; bytes: number }[] = []
  for (let start = 0; start < whole.length; ) {
    let end = Math.min(start + MAX_MESSAGE_BYTES, whole.length)
    // Bytes 10xxxxxx continue a character.
    while (end < whole.length && (whole[end]! & 0xc0) === 0x80) end -= 1
    pieces.push({ message: whole.toString('utf8', start, end), bytes: end - start + EVENT_OVERHEAD })
    start = end
  }
  return pieces
}
