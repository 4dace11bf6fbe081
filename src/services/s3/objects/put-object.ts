import type { PutObjectOutput, PutObjectRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { checksumMember } from '../checksums/checksum.ts'
import { encryptionMembers } from '../encryption/object-encryption.ts'
import type { S3Deps } from '../s3-deps.ts'
import { parseTaggingHeader } from '../tag-set.ts'
import { checkObjectAcl, refuseUnsupported, storageClass } from '../unsupported.ts'
import { checkKey } from './object-key.ts'
import { encodeHeaders, encodeMetadata } from './object-metadata.ts'
import { findObject } from './object-store.ts'
import { storeObject } from './store-object.ts'
import { checkWriteCondition, writeCondition } from './write-condition.ts'

/** Stores an object. Answered when its bytes and its row are on the disk. */
export async function putObject(
  deps: S3Deps,
  input: PutObjectRequest,
  context: RequestContext,
): Promise<PutObjectOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  refuseUnsupported(input)
  checkObjectAcl(input.ACL)
  const condition = writeCondition(input)
  const description = {
    key: input.Key,
    storage_class: storageClass(input.StorageClass),
    headers: encodeHeaders(input),
    metadata: encodeMetadata(input.Metadata),
    tags: parseTaggingHeader(input.Tagging),
  }
  if (condition.kind !== 'none') {
    checkWriteCondition(condition, input.Key, await findObject(deps.database, bucket.name, input.Key))
  }
  const keys = await deps.keys.create(context, bucket, input.Key, input)
  const object = await storeObject(deps, bucket, description, input.Body, {
    keys,
    claims: input,
    condition,
    signal: context.signal,
  })
  return {
    ETag: `"${object.etag}"`,
    ...checksumMember(object.checksum_algorithm, object.checksum),
    ChecksumType: 'FULL_OBJECT',
    ...encryptionMembers(object.encryption),
    SSEKMSEncryptionContext: input.SSEKMSEncryptionContext,
  }
}
