import type { AbortMultipartUploadOutput, AbortMultipartUploadRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { abortUploadUnit, requireUpload } from './upload-store.ts'

/** Gives an upload up: its parts are gone at once, their space a while later. */
export async function abortMultipartUpload(
  deps: S3Deps,
  input: AbortMultipartUploadRequest,
  context: RequestContext,
): Promise<AbortMultipartUploadOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  refuseUnsupported(input)
  const upload = await requireUpload(deps.database, bucket.name, input.Key, input.UploadId)
  await deps.database.commit(abortUploadUnit(deps.database, upload.upload_id, context.now))
  return {}
}
