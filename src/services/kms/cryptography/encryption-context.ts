import { contextTooLarge } from '../errors.ts'

/** What a caller says about the data it encrypts, and must say again to decrypt it. Not secret. */
export type EncryptionContext = Readonly<Record<string, string>>

const MAX_BYTES = 8_192

/** @throws ValidationException when the context is too large */
export function requireContextSize(context: EncryptionContext): void {
  let bytes = 0
  for (const [key, value] of Object.entries(context)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  if (bytes > MAX_BYTES) throw contextTooLarge(MAX_BYTES)
}

/**
 * The one spelling of a context as bytes: its pairs in the order of their keys' bytes, every text behind its length, so
 * that no two contexts are spelled alike.
 */
export function canonicalContext(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const)
  pairs.sort(([one], [other]) => one.compare(other))
  return Buffer.concat([uint32(pairs.length), ...pairs.flat().flatMap((text) => [uint32(text.length), text])])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
