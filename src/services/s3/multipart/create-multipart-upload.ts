import { randomBytes } from 'node:crypto'
import type { CreateMultipartUploadOutput, CreateMultipartUploadRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { encryptionMembers } from '../encryption/object-encryption.ts'
import { checkKey } from '../objects/object-key.ts'
import { encodeHeaders, encodeMetadata } from '../objects/object-metadata.ts'
import type { S3Deps } from '../s3-deps.ts'
import { parseTaggingHeader } from '../tag-set.ts'
import { checkObjectAcl, refuseUnsupported, storageClass } from '../unsupported.ts'
import { requestedChecksum } from './upload-checksum.ts'
import { insertUpload } from './upload-store.ts'

/** Begins an upload in parts. What describes the object is given here; its bytes follow as parts. */
export async function createMultipartUpload(
  deps: S3Deps,
  input: CreateMultipartUploadRequest,
  context: RequestContext,
): Promise<CreateMultipartUploadOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  refuseUnsupported(input)
  checkObjectAcl(input.ACL)
  const checksum = requestedChecksum(input)
  const { encryption } = await deps.keys.create(context, bucket, input.Key, input)
  const uploadId = randomBytes(48).toString('base64url')
  await deps.database.commit(
    insertUpload(deps.database, bucket.account, {
      upload_id: uploadId,
      bucket: bucket.name,
      key: input.Key,
      initiator_arn: context.principal.arn,
      initiated_at: Math.floor(context.now / 1000) * 1000,
      storage_class: storageClass(input.StorageClass),
      checksum_algorithm: checksum?.algorithm ?? null,
      checksum_type: checksum?.type ?? null,
      headers: encodeHeaders(input),
      metadata: encodeMetadata(input.Metadata),
      tags: parseTaggingHeader(input.Tagging),
      encryption,
    }),
  )
  return {
    Bucket: bucket.name,
    Key: input.Key,
    UploadId: uploadId,
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    ...encryptionMembers(encryption),
    SSEKMSEncryptionContext: input.SSEKMSEncryptionContext,
  }
}
