import { BlobCorruptError, type BlobSeal } from './blob-store.ts'
import { CHUNK_BYTES, openChunk, SEALED_CHUNK_BYTES, sealChunks, sealedSize } from './sealed-chunks.ts'

/** A small blob sealed in memory, in the form in which a file has it. The memory is its own, so that it is cheap to hand on. */
export function sealBytes(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(sealedSize(plain.length))
  let at = 0
  for (const piece of sealChunks(key, 0, plain)) {
    sealed.set(piece, at)
    at += piece.length
  }
  return sealed
}

/**
 * The plain bytes from `first` to `last`, both counted, of a blob that lies sealed in memory.
 * @throws BlobCorruptError when they are not what was sealed
 */
export function openBytes(blobId: string, sealed: Uint8Array, seal: BlobSeal, first: number, last: number): Buffer {
  if (sealed.length !== sealedSize(seal.size) || last >= seal.size) {
    throw new BlobCorruptError(`Blob ${blobId} has not the length of what was written`)
  }
  const opened: Buffer[] = []
  const firstChunk = Math.floor(first / CHUNK_BYTES)
  for (let chunk = firstChunk; chunk * CHUNK_BYTES <= last; chunk++) {
    const at = chunk * SEALED_CHUNK_BYTES
    const plain = openChunk(seal.key, chunk, sealed.subarray(at, at + SEALED_CHUNK_BYTES))
    if (plain === undefined) {
      throw new BlobCorruptError(`Blob ${blobId} is not what was written, in its chunk ${chunk}`)
    }
    opened.push(plain)
  }
  const start = firstChunk * CHUNK_BYTES
  const plain = opened.length === 1 ? (opened[0] as Buffer) : Buffer.concat(opened)
  return plain.subarray(first - start, last - start + 1)
}
