import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { ChecksumAlgorithm } from '../checksums/checksum.ts'
import { resealBlobKey } from '../encryption/blob-key.ts'
import type { ByteRange } from '../objects/byte-range.ts'
import type { S3Deps } from '../s3-deps.ts'
import type { ContentOwner } from './content-reader.ts'
import { type ReceivedContent, receiveContent } from './receive-content.ts'
import type { Slice } from './slice-store.ts'

/**
 * Writes stored bytes anew, under another key. What is read is kept for it even when its owner is deleted meanwhile.
 *
 * @param range undefined: there are no bytes
 */
export async function reencryptContent(
  deps: S3Deps,
  owner: ContentOwner,
  range: ByteRange | undefined,
  options: { readonly box: SealedBox; readonly algorithm: ChecksumAlgorithm; readonly signal: AbortSignal },
): Promise<ReceivedContent> {
  const { box, algorithm, signal } = options
  const source = range === undefined ? undefined : await deps.content.open(owner, range.first, range.last)
  try {
    return await receiveContent(deps, source, {}, { box, required: algorithm, signal })
  } finally {
    source?.destroy()
  }
}

/** Slices for an owner that has another box, though the same key: their blobs stay, the keys of these are sealed anew. */
export const resealSlices = (slices: readonly Slice[], from: SealedBox, to: SealedBox): readonly Slice[] =>
  from === to
    ? slices
    : slices.map((slice) => ({
        ...slice,
        sealedKey: slice.sealedKey === null ? null : resealBlobKey(from, to, slice.blobId, slice.sealedKey),
      }))
