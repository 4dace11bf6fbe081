import type { GetBucketLocationOutput, GetBucketLocationRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import type { S3Deps } from '../s3-deps.ts'
import { requireBucket } from './bucket-access.ts'

/** The bucket's region; us-east-1 is the one that S3 does not name. */
export async function getBucketLocation(
  deps: S3Deps,
  input: GetBucketLocationRequest,
  context: RequestContext,
): Promise<GetBucketLocationOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  return { LocationConstraint: bucket.region === 'us-east-1' ? undefined : bucket.region }
}
