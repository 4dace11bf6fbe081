import type { CopyObjectOutput, CopyObjectRequest } from '../../../model/generated/s3.ts'
import type { BucketRow, ObjectRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requestTagKeys, signatureKeys } from '../access/condition-keys.ts'
import { s3Arn } from '../access/s3-arn.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { checksumAlgorithm, checksumMember } from '../checksums/checksum.ts'
import { dropUnlessCommitted, MAX_BODY_BYTES } from '../content/receive-content.ts'
import { encryptionMembers } from '../encryption/object-encryption.ts'
import { speaksOfEncryption } from '../encryption/requested-encryption.ts'
import { invalidArgument, invalidRequest } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { decodeTags, parseTaggingHeader } from '../tag-set.ts'
import { checkObjectAcl, refuseUnsupported, storageClass } from '../unsupported.ts'
import { copiedContent } from './copied-content.ts'
import { checkKey } from './object-key.ts'
import { encodeHeaders, encodeMetadata } from './object-metadata.ts'
import { findObject, newObjectId, putObjectUnit } from './object-store.ts'
import { findSource, retryWhenSourceChanges } from './source-object.ts'
import { checkWriteCondition, type WriteCondition, writeCondition } from './write-condition.ts'

/**
 * Copies an object. Where both are encrypted alike no byte is moved: they share them, the entity tag stays, also that of
 * an object uploaded in parts, whose parts the copy keeps.
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
    ...encryptionMembers(object.encryption),
    SSEKMSEncryptionContext: input.SSEKMSEncryptionContext,
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
  if (source.tags !== null && input.TaggingDirective !== 'REPLACE') await admitTags(deps, source, input, context)
  checkSelfCopy(source, input)
  if (source.size > MAX_BODY_BYTES) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_BODY_BYTES}`,
    )
  }
  const keys = await deps.keys.create(context, bucket, input.Key, input)
  const objectId = newObjectId()
  const algorithm = checksumAlgorithm(input.ChecksumAlgorithm)
  const content = await copiedContent(deps, source, { objectId, algorithm, keys }, context)
  const now = deps.clock.now()
  const object: ObjectRow = {
    ...source,
    ...content.row,
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
  const unit = [...content.statements, ...putObjectUnit(deps.database, bucket.account, object, condition, now)]
  await dropUnlessCommitted(deps, content.received, deps.database.commit(unit))
  return object
}

/** Tags are read and put like any others when they come along with a copy. */
async function admitTags(
  deps: S3Deps,
  source: ObjectRow,
  { Bucket, Key }: CopyObjectRequest,
  { principal, origin }: RequestContext,
): Promise<void> {
  const conditions = { ...signatureKeys(origin), ...requestTagKeys(Object.entries(decodeTags(source.tags))) }
  const asked = { principal, origin, conditions, service: 's3' }
  await deps.authorizer.require({ ...asked, action: 's3:GetObjectTagging', resource: s3Arn(source.bucket, source.key) })
  await deps.authorizer.require({ ...asked, action: 's3:PutObjectTagging', resource: s3Arn(Bucket, Key) })
}

function checkSelfCopy(source: ObjectRow, input: CopyObjectRequest): void {
  if (source.bucket !== input.Bucket || source.key !== input.Key) return
  const changes = input.MetadataDirective === 'REPLACE' || input.StorageClass || speaksOfEncryption(input)
  if (changes) return
  throw invalidRequest(
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  )
}

function checkDirective(kind: 'metadata' | 'tagging', directive: string | undefined): void {
  if (directive === undefined || directive === 'COPY' || directive === 'REPLACE') return
  throw invalidArgument(`Unknown ${kind} directive.`, `x-amz-${kind}-directive`, directive)
}
