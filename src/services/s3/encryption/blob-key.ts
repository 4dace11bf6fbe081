import { freshBytes } from '../../../shared/fresh-bytes.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import { BlobCorruptError, type BlobSeal } from '../../../storage/blobs/blob-store.ts'

const KEY_BYTES = 32

export const newBlobKey = (): Uint8Array => freshBytes(KEY_BYTES)

/** The blob's name is bound in: its key opens no other's slice. */
const contextOf = (blobId: string): string => `s3/blob/${blobId}`

/** The key of a blob, and with it the blob's size, as they are kept with its slices. */
export function sealBlobKey(box: SealedBox, blobId: string, { key, size }: BlobSeal): string {
  const bytes = Buffer.alloc(KEY_BYTES + 8)
  bytes.set(key)
  bytes.writeBigUInt64BE(BigInt(size), KEY_BYTES)
  return box.seal(bytes.toString('base64'), contextOf(blobId))
}

/** @throws BlobCorruptError when the box is another or the text has been changed */
export function openBlobKey(box: SealedBox, blobId: string, sealed: string): BlobSeal {
  const text = box.unseal(sealed, contextOf(blobId))
  const bytes = Buffer.from(text ?? '', 'base64')
  if (bytes.length !== KEY_BYTES + 8) throw new BlobCorruptError(`The key of blob ${blobId} cannot be opened`)
  return { key: bytes.subarray(0, KEY_BYTES), size: Number(bytes.readBigUInt64BE(KEY_BYTES)) }
}

/** The same key for an owner that has another box. */
export const resealBlobKey = (from: SealedBox, to: SealedBox, blobId: string, sealed: string): string =>
  sealBlobKey(to, blobId, openBlobKey(from, blobId, sealed))
