import type {
  DeletePublicAccessBlockRequest,
  GetPublicAccessBlockOutput,
  GetPublicAccessBlockRequest,
  PutPublicAccessBlockRequest,
} from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { setPublicAccessBlock } from '../buckets/bucket-store.ts'
import { noPublicAccessBlock } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { encodePublicAccessBlock, readPublicAccessBlock } from './public-access-block.ts'

/** Puts all four settings; those that are not said are off. */
export const putPublicAccessBlock = (
  deps: S3Deps,
  input: PutPublicAccessBlockRequest,
  context: RequestContext,
): Promise<void> => set(deps, input, context, encodePublicAccessBlock(input.PublicAccessBlockConfiguration))

export async function getPublicAccessBlock(
  deps: S3Deps,
  input: GetPublicAccessBlockRequest,
  context: RequestContext,
): Promise<GetPublicAccessBlockOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  if (bucket.public_access_block === null) throw noPublicAccessBlock(bucket.name)
  return { PublicAccessBlockConfiguration: readPublicAccessBlock(bucket) }
}

export const deletePublicAccessBlock = (
  deps: S3Deps,
  input: DeletePublicAccessBlockRequest,
  context: RequestContext,
): Promise<void> => set(deps, input, context, null)

async function set(
  deps: S3Deps,
  input: DeletePublicAccessBlockRequest,
  context: RequestContext,
  block: string | null,
): Promise<void> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  await deps.buckets.change(bucket.name, [setPublicAccessBlock(deps.database, bucket, block)])
}
