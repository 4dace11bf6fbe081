import type {
  GetBucketVersioningOutput,
  GetBucketVersioningRequest,
  PutBucketVersioningRequest,
} from '../../../model/generated/s3.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { S3Deps } from '../s3-deps.ts'
import { requireBucket } from './bucket-access.ts'

/** Empty: versioning was never switched on, which is how S3 describes a bucket without it. */
export async function getBucketVersioning(
  deps: S3Deps,
  input: GetBucketVersioningRequest,
  context: RequestContext,
): Promise<GetBucketVersioningOutput> {
  await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  return {}
}

/** Refused: a caller who switches versioning on relies on old versions being kept. */
export async function putBucketVersioning(
  deps: S3Deps,
  input: PutBucketVersioningRequest,
  context: RequestContext,
): Promise<void> {
  await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  throw notImplemented('Versioning of S3 buckets')
}
