import type { Statement } from '../../../storage/database.ts'
import type { ObjectRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { type ChecksumAlgorithm, toBase64 } from '../checksums/checksum.ts'
import type { ContentOwner } from '../content/content-reader.ts'
import { digestContent } from '../content/digest-content.ts'
import { type ReceivedContent, slicesOf } from '../content/receive-content.ts'
import { reencryptContent, resealSlices } from '../content/reencrypt-content.ts'
import { insertSlices, shareSlices } from '../content/slice-store.ts'
import type { WriteKeys } from '../encryption/content-keys.ts'
import { entityTag } from '../encryption/entity-tag.ts'
import { sharesBlobs } from '../encryption/object-encryption.ts'
import type { S3Deps } from '../s3-deps.ts'
import { objectStands } from './object-store.ts'
import { SourceChanged } from './source-object.ts'

/** The members of an object's row that follow from its bytes. */
type ContentRow = Pick<
  ObjectRow,
  'size' | 'etag' | 'checksum_algorithm' | 'checksum_type' | 'checksum' | 'part_count' | 'encryption'
>

export interface CopiedContent {
  readonly row: ContentRow
  /** Go into the unit that makes the object. */
  readonly statements: readonly Statement[]
  /** What was written for the copy, to be dropped if the unit fails. */
  readonly received?: ReceivedContent
}

/**
 * The content of a copy. Under the same key as the source it shares the source's blobs, and its bytes are read only for
 * a checksum by another algorithm. Under another key its bytes are written anew, as one part.
 */
export async function copiedContent(
  deps: S3Deps,
  source: ObjectRow,
  copy: { readonly objectId: string; readonly algorithm: ChecksumAlgorithm | undefined; readonly keys: WriteKeys },
  context: RequestContext,
): Promise<CopiedContent> {
  const owner = { id: source.object_id, box: await deps.keys.open(context, source.encryption) }
  const algorithm = copy.algorithm ?? (source.checksum_algorithm as ChecksumAlgorithm)
  if (!sharesBlobs(source.encryption, copy.keys.encryption)) {
    return rewritten(deps, source, owner, { ...copy, algorithm }, context.signal)
  }
  const stands = objectStands(deps.database, source, () => new SourceChanged())
  const row = { ...source, encryption: copy.keys.encryption }
  if (algorithm === source.checksum_algorithm) {
    const statements =
      owner.box === copy.keys.box
        ? [shareSlices(deps.database, source.object_id, copy.objectId)]
        : insertSlices(
            deps.database,
            copy.objectId,
            resealSlices(await deps.content.slices(source.object_id), owner.box, copy.keys.box),
          )
    return { row, statements: [stands, ...statements] }
  }
  const digests = await digestContent(deps.content, owner, wholeOf(source), algorithm, context.signal)
  const slices = (await deps.content.slices(source.object_id))
    .filter((slice) => slice.size > 0)
    .map((slice) => ({ ...slice, partNumber: 1, partChecksum: null }))
  return {
    row: {
      ...row,
      etag: entityTag(copy.keys.encryption, Buffer.from(digests.md5).toString('hex')),
      checksum_algorithm: algorithm,
      checksum_type: 'FULL_OBJECT',
      checksum: toBase64(digests.checksum),
      part_count: null,
    },
    statements: [stands, ...insertSlices(deps.database, copy.objectId, resealSlices(slices, owner.box, copy.keys.box))],
  }
}

async function rewritten(
  deps: S3Deps,
  source: ObjectRow,
  owner: ContentOwner,
  copy: { readonly objectId: string; readonly algorithm: ChecksumAlgorithm; readonly keys: WriteKeys },
  signal: AbortSignal,
): Promise<CopiedContent> {
  const { objectId, algorithm, keys } = copy
  const received = await reencryptContent(deps, owner, wholeOf(source), { box: keys.box, algorithm, signal })
  return {
    row: {
      size: received.size,
      etag: entityTag(keys.encryption, received.md5),
      checksum_algorithm: algorithm,
      checksum_type: 'FULL_OBJECT',
      checksum: received.checksums[algorithm] ?? '',
      part_count: null,
      encryption: keys.encryption,
    },
    statements: insertSlices(deps.database, objectId, slicesOf(received, 1, null)),
    received,
  }
}

const wholeOf = ({ size }: ObjectRow) => (size === 0 ? undefined : { first: 0, last: size - 1 })
