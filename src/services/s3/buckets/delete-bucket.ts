import type { DeleteBucketRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import type { S3Deps } from '../s3-deps.ts'
import { requireBucket } from './bucket-access.ts'
import { deleteBucketUnit } from './bucket-store.ts'

/** Deletes a bucket that holds no object. */
export async function deleteBucket(deps: S3Deps, input: DeleteBucketRequest, context: RequestContext): Promise<void> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const unit = deleteBucketUnit(deps.database, bucket.name, bucket.account, context.now)
  await deps.buckets.change(bucket.name, unit)
}
