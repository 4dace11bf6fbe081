import type {
  DeleteObjectTaggingOutput,
  DeleteObjectTaggingRequest,
  GetObjectTaggingOutput,
  GetObjectTaggingRequest,
  PutObjectTaggingOutput,
  PutObjectTaggingRequest,
} from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { noSuchKey } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { decodeTagSet, encodeTagSet } from '../tag-set.ts'
import { checkKey, checkVersionId } from './object-key.ts'
import { setObjectTags } from './object-store.ts'
import { requireObject } from './require-object.ts'

interface ObjectNamed {
  Bucket: string
  Key: string
  VersionId?: string
  ExpectedBucketOwner?: string
}

export async function putObjectTagging(
  deps: S3Deps,
  input: PutObjectTaggingRequest,
  context: RequestContext,
): Promise<PutObjectTaggingOutput> {
  await setTags(deps, input, context, encodeTagSet(input.Tagging.TagSet, 10))
  return {}
}

export async function getObjectTagging(
  deps: S3Deps,
  input: GetObjectTaggingRequest,
  context: RequestContext,
): Promise<GetObjectTaggingOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  checkVersionId(input.VersionId)
  const object = await requireObject(deps, bucket, input.Key, context)
  return { TagSet: decodeTagSet(object.tags) }
}

export async function deleteObjectTagging(
  deps: S3Deps,
  input: DeleteObjectTaggingRequest,
  context: RequestContext,
): Promise<DeleteObjectTaggingOutput> {
  await setTags(deps, input, context, null)
  return {}
}

async function setTags(deps: S3Deps, input: ObjectNamed, context: RequestContext, tags: string | null): Promise<void> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  checkVersionId(input.VersionId)
  await deps.database.commit([setObjectTags(deps.database, bucket.name, input.Key, tags, () => noSuchKey(input.Key))])
}
