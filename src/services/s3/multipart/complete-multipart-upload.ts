import type { CompleteMultipartUploadOutput, CompleteMultipartUploadRequest } from '../../../model/generated/s3.ts'
import type { BucketRow, ObjectRow, UploadRow } from '../../../storage/schema/s3.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { checksumMember } from '../checksums/checksum.ts'
import { encryptionMembers } from '../encryption/object-encryption.ts'
import { methodNotAllowed } from '../errors.ts'
import { urlEncode } from '../listing/url-encoding.ts'
import { findObject, newObjectId, putObjectUnit } from '../objects/object-store.ts'
import { checkWriteCondition, writeCondition } from '../objects/write-condition.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { planCompletion } from './complete-plan.ts'
import { effectiveChecksum } from './upload-checksum.ts'
import { completeUploadUnit, readParts, requireUpload } from './upload-store.ts'

/** Makes the uploaded parts an object, in one step. Completing once more is answered as the first time. */
export async function completeMultipartUpload(
  deps: S3Deps,
  input: CompleteMultipartUploadRequest,
  context: RequestContext,
): Promise<CompleteMultipartUploadOutput> {
  // A POST to a key that names no upload is taken for this operation, being the only one of that form.
  if (input.UploadId === undefined) throw methodNotAllowed('POST', 'OBJECT')
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  refuseUnsupported(input)
  try {
    const upload = await requireUpload(deps.database, bucket.name, input.Key, input.UploadId)
    return answer(await complete(deps, input, context, bucket, upload), context)
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'NoSuchUpload') throw error
    // A client whose first answer was lost asks again.
    const object = await findObject(deps.database, bucket.name, input.Key)
    if (object === undefined || object.upload_id !== input.UploadId) throw error
    return answer(object, context)
  }
}

async function complete(
  deps: S3Deps,
  input: CompleteMultipartUploadRequest,
  context: RequestContext,
  bucket: BucketRow,
  upload: UploadRow,
): Promise<ObjectRow> {
  const condition = writeCondition(input)
  if (condition.kind !== 'none') {
    checkWriteCondition(condition, input.Key, await findObject(deps.database, bucket.name, input.Key))
  }
  const checksum = effectiveChecksum(upload)
  const plan = planCompletion(
    upload.upload_id,
    input.MultipartUpload?.Parts ?? [],
    await readParts(deps.database, upload.upload_id),
    { ...checksum, explicit: upload.checksum_algorithm !== null },
    input,
  )
  // S3 wants whoever makes the object to be allowed to read it, though no byte is read here.
  await deps.keys.open(context, upload.encryption)
  const now = deps.clock.now()
  const object: ObjectRow = {
    bucket: bucket.name,
    key: upload.key,
    object_id: newObjectId(),
    size: plan.size,
    etag: plan.etag,
    last_modified: Math.floor(now / 1000) * 1000,
    storage_class: upload.storage_class,
    checksum_algorithm: checksum.algorithm,
    checksum_type: checksum.type,
    checksum: plan.checksum,
    part_count: plan.parts.length,
    upload_id: upload.upload_id,
    headers: upload.headers,
    metadata: upload.metadata,
    tags: upload.tags,
    encryption: upload.encryption,
  }
  await deps.database.commit([
    ...completeUploadUnit(deps.database, upload, plan.parts, object.object_id, now),
    ...putObjectUnit(deps.database, bucket.account, object, condition, now),
  ])
  return object
}

const answer = (object: ObjectRow, context: RequestContext): CompleteMultipartUploadOutput => ({
  Location: `${context.baseUrl}/${object.bucket}/${urlEncode(object.key).replaceAll('+', '%20')}`,
  Bucket: object.bucket,
  Key: object.key,
  ETag: `"${object.etag}"`,
  ...checksumMember(object.checksum_algorithm, object.checksum),
  ChecksumType: object.checksum_type as 'FULL_OBJECT',
  ...encryptionMembers(object.encryption),
})
