import type {
  DeleteBucketTaggingRequest,
  GetBucketTaggingOutput,
  GetBucketTaggingRequest,
  PutBucketTaggingRequest,
} from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { noSuchTagSet } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { decodeTagSet, encodeTagSet } from '../tag-set.ts'
import { requireBucket } from './bucket-access.ts'
import { setBucketTags } from './bucket-store.ts'

export async function putBucketTagging(
  deps: S3Deps,
  input: PutBucketTaggingRequest,
  context: RequestContext,
): Promise<void> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const tags = encodeTagSet(input.Tagging.TagSet, 50)
  await deps.database.commit([setBucketTags(deps.database, bucket.name, bucket.account, tags)])
}

export async function getBucketTagging(
  deps: S3Deps,
  input: GetBucketTaggingRequest,
  context: RequestContext,
): Promise<GetBucketTaggingOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  if (bucket.tags === null) throw noSuchTagSet(bucket.name)
  return { TagSet: decodeTagSet(bucket.tags) }
}

export async function deleteBucketTagging(
  deps: S3Deps,
  input: DeleteBucketTaggingRequest,
  context: RequestContext,
): Promise<void> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  await deps.database.commit([setBucketTags(deps.database, bucket.name, bucket.account, null)])
}
