import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'

/** Plain bytes in one chunk; only a blob's last one has fewer. Ciphering one takes some 30 to 80 µs. */
export const CHUNK_BYTES = 64 * 1024
const TAG_BYTES = 16
/** What a whole chunk takes in the file. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES

/**
 * How an encrypted blob lies on the disk: chunk after chunk, each AES-256-GCM ciphertext and tag, so that a range is read
 * without what lies before it. The key belongs to one blob alone and the nonce is the chunk's number: a chunk of another
 * blob or from another place does not open. A blob that was cut is noticed by its size, which is kept with the key.
 */
const nonceOf = (chunk: number): Buffer => {
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64BE(BigInt(chunk), 4)
  return nonce
}

/** What so many plain bytes, beginning at a chunk, take in the file. */
export const sealedSize = (size: number): number => size + Math.ceil(size / CHUNK_BYTES) * TAG_BYTES

/**
 * Encrypts bytes that begin at a chunk; only the last bytes of the blob may end within one.
 *
 * @param key 32 bytes
 * @param firstChunk the number of the chunk that the bytes begin with
 */
export function sealChunks(key: Uint8Array, firstChunk: number, plain: Uint8Array): Buffer[] {
  const sealed: Buffer[] = []
  // Bytes in place of a key object cost each cipher 20 µs more.
  const secret = createSecretKey(key)
  for (let at = 0, chunk = firstChunk; at < plain.length; at += CHUNK_BYTES, chunk++) {
    const cipher = createCipheriv('aes-256-gcm', secret, nonceOf(chunk))
    sealed.push(cipher.update(plain.subarray(at, at + CHUNK_BYTES)), cipher.final(), cipher.getAuthTag())
  }
  return sealed
}

/** Decrypts one chunk with its tag. Undefined unless it is the chunk that was written there. */
export function openChunk(key: Uint8Array, chunk: number, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonceOf(chunk), { authTagLength: TAG_BYTES })
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  const plain = decipher.update(sealed.subarray(0, -TAG_BYTES))
  try {
    decipher.final()
    return plain
  } catch {
    return undefined
  }
}
