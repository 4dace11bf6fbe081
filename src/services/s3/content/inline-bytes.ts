import type { SealedBox } from '../../../shared/sealed-box.ts'
import { BlobCorruptError } from '../../../storage/blobs/blob-store.ts'
import { openBytes } from '../../../storage/blobs/sealed-bytes.ts'
import { openBlobKey } from '../encryption/blob-key.ts'
import type { Slice } from './slice-store.ts'

/**
 * The bytes of a slice whose blob lies in the database.
 * @throws BlobCorruptError when they are not what was written
 */
export function inlineBytes(
  { blobId, offset, size, sealedKey }: Pick<Slice, 'blobId' | 'offset' | 'size' | 'sealedKey'>,
  content: Uint8Array,
  box: SealedBox,
): Buffer {
  if (sealedKey === null) throw new BlobCorruptError(`The key of blob ${blobId} is missing`)
  return openBytes(blobId, content, openBlobKey(box, blobId, sealedKey), offset, offset + size - 1)
}
