import type { HeadBucketOutput, HeadBucketRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import type { S3Deps } from '../s3-deps.ts'
import { requireBucket } from './bucket-access.ts'

/** Tells whether the bucket is there and the caller may use it. */
export async function headBucket(
  deps: S3Deps,
  input: HeadBucketRequest,
  context: RequestContext,
): Promise<HeadBucketOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  return { BucketArn: `arn:aws:s3:::${bucket.name}`, BucketRegion: bucket.region, AccessPointAlias: false }
}
