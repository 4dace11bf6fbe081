import type { CopyObjectOutput, CopyObjectRequest } from '../../../model/generated/s3.ts'
import type { Statement } from '../../../storage/database.ts'
import type { BucketRow, ObjectRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { checksumAlgorithm, checksumMember, toBase64 } from '../checksums/checksum.ts'
import { digestContent } from '../content/digest-content.ts'
import { MAX_BODY_BYTES } from '../content/receive-content.ts'
import { insertSlices, shareSlices } from '../content/slice-store.ts'
import { invalidArgument, invalidRequest } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { parseTaggingHeader } from '../tag-set.ts'
import { checkObjectAcl, refuseUnsupported, storageClass } from '../unsupported.ts'
import { checkKey } from './object-key.ts'
import { encodeHeaders, encodeMetadata } from './object-metadata.ts'
import { findObject, newObjectId, objectStands, putObjectUnit } from './object-store.ts'
import { findSource, retryWhenSourceChanges, SourceChanged } from './source-object.ts'
import { checkWriteCondition, type WriteCondition, writeCondition } from './write-condition.ts'

/**
 * Copies an object without moving its bytes: both share them. The entity tag stays, also that of an object uploaded in
 * parts, whose parts the copy keeps.
 */
export async function copyObject(
  deps: S3Deps,
  input: CopyObjectRequest,
  context: RequestContext,
): Promise<CopyObjectOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  refuseUnsupported(input)
  checkObjectAcl(input.ACL)
  checkDirective('metadata', input.MetadataDirective)
  checkDirective('tagging', input.TaggingDirective)
  const condition = writeCondition(input)
  if (condition.kind !== 'none') {
    checkWriteCondition(condition, input.Key, await findObject(deps.database, bucket.name, input.Key))
  }
  const object = await retryWhenSourceChanges(input.Key, () => copy(deps, input, context, bucket, condition))
  return {
    CopyObjectResult: {
      ETag: `"${object.etag}"`,
      LastModified: object.last_modified,
      ...checksumMember(object.checksum_algorithm, object.checksum),
      ChecksumType: object.checksum_type as 'FULL_OBJECT',
    },
  }
}

async function copy(
  deps: S3Deps,
  input: CopyObjectRequest,
  context: RequestContext,
  bucket: BucketRow,
  condition: WriteCondition,
): Promise<ObjectRow> {
  const source = await findSource(deps, input, context)
  checkSelfCopy(source, input)
  if (source.size > MAX_BODY_BYTES) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_BODY_BYTES}`,
    )
  }
  const now = deps.clock.now()
  const objectId = newObjectId()
  const { row, slices } = await contentOf(deps, source, objectId, input, context)
  const object: ObjectRow = {
    ...row,
    bucket: bucket.name,
    key: input.Key,
    object_id: objectId,
    last_modified: Math.floor(now / 1000) * 1000,
    storage_class: storageClass(input.StorageClass),
    upload_id: null,
    ...(input.MetadataDirective === 'REPLACE'
      ? { headers: encodeHeaders(input), metadata: encodeMetadata(input.Metadata) }
      : {}),
    tags: input.TaggingDirective === 'REPLACE' ? parseTaggingHeader(input.Tagging) : source.tags,
  }
  await deps.database.commit([
    objectStands(deps.database, source, () => new SourceChanged()),
    ...putObjectUnit(deps.database, bucket.account, object, condition, now),
    ...slices,
  ])
  return object
}

/** The content of the copy. Only a checksum by another algorithm makes it necessary to read the bytes. */
async function contentOf(
  deps: S3Deps,
  source: ObjectRow,
  objectId: string,
  input: CopyObjectRequest,
  context: RequestContext,
): Promise<{ row: ObjectRow; slices: Statement[] }> {
  const algorithm = checksumAlgorithm(input.ChecksumAlgorithm)
  if (algorithm === undefined || algorithm === source.checksum_algorithm) {
    return { row: source, slices: [shareSlices(deps.database, source.object_id, objectId)] }
  }
  const whole = source.size === 0 ? undefined : { first: 0, last: source.size - 1 }
  const digests = await digestContent(deps.content, source.object_id, whole, algorithm, context.signal)
  const slices = await deps.content.slices(source.object_id)
  const row = {
    ...source,
    etag: Buffer.from(digests.md5).toString('hex'),
    checksum_algorithm: algorithm,
    checksum_type: 'FULL_OBJECT',
    checksum: toBase64(digests.checksum),
    part_count: null,
  }
  const plain = slices
    .filter((slice) => slice.size > 0)
    .map((slice) => ({ ...slice, partNumber: 1, partChecksum: null }))
  return { row, slices: insertSlices(deps.database, objectId, plain) }
}

function checkSelfCopy(source: ObjectRow, input: CopyObjectRequest): void {
  if (source.bucket !== input.Bucket || source.key !== input.Key) return
  const changes = input.MetadataDirective === 'REPLACE' || input.StorageClass || input.ServerSideEncryption
  if (changes) return
  throw invalidRequest(
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  )
}

function checkDirective(kind: 'metadata' | 'tagging', directive: string | undefined): void {
  if (directive === undefined || directive === 'COPY' || directive === 'REPLACE') return
  throw invalidArgument(`Unknown ${kind} directive.`, `x-amz-${kind}-directive`, directive)
}
