import type { CreateBucketOutput, CreateBucketRequest } from '../../../model/generated/s3.ts'
import type { BucketRow } from '../../../storage/schema/s3.ts'
import { notImplemented, ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { ALL_BLOCKED, encodePublicAccessBlock } from '../access/public-access-block.ts'
import {
  accessDenied,
  bucketAlreadyExists,
  bucketAlreadyOwnedByYou,
  illegalLocationConstraint,
  invalidBucketAcl,
  invalidBucketName,
  invalidLocationConstraint,
} from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { encodeTagSet } from '../tag-set.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { isBucketName, isDirectoryBucketName } from './bucket-name.ts'
import { findBucket, insertBucket } from './bucket-store.ts'

/** Creates a bucket. The name is unique across all accounts. */
export async function createBucket(
  deps: S3Deps,
  input: CreateBucketRequest,
  context: RequestContext,
): Promise<CreateBucketOutput> {
  if (context.principal.kind === 'anonymous') throw accessDenied()
  const name = input.Bucket
  const configuration = input.CreateBucketConfiguration
  if (isDirectoryBucketName(name) || configuration?.Bucket !== undefined || configuration?.Location !== undefined) {
    throw notImplemented('A directory bucket of S3')
  }
  if (!isBucketName(name)) throw invalidBucketName(name)
  refuseUnsupported(input)
  if (input.ObjectOwnership !== undefined && input.ObjectOwnership !== 'BucketOwnerEnforced') {
    throw notImplemented(`x-amz-object-ownership: ${input.ObjectOwnership} of S3`)
  }
  if (input.ACL !== undefined && input.ACL !== 'private') throw invalidBucketAcl()

  const region = bucketRegion(configuration?.LocationConstraint, context.region)
  const bucket: BucketRow = {
    name,
    account: context.account,
    region,
    created_at: Math.floor(context.now / 1000) * 1000,
    tags: configuration?.Tags === undefined ? null : encodeTagSet(configuration.Tags, 50),
    encryption: null,
    policy: null,
    public_access_block: encodePublicAccessBlock(ALL_BLOCKED),
  }
  try {
    await deps.database.commit([insertBucket(deps.database, bucket, () => bucketAlreadyExists(name))])
  } catch (error) {
    const existing = error instanceof ServiceError ? await findBucket(deps.database, name) : undefined
    if (existing === undefined) throw error
    return again(existing, context)
  }
  return created(name, region, context)
}

/** A name that is taken: by another account, or by the caller, which us-east-1 alone lets pass. */
function again(existing: BucketRow, context: RequestContext): CreateBucketOutput {
  if (existing.account !== context.account) throw bucketAlreadyExists(existing.name)
  if (existing.region !== 'us-east-1' || context.region !== 'us-east-1') throw bucketAlreadyOwnedByYou(existing.name)
  return created(existing.name, existing.region, context)
}

const created = (name: string, region: string, context: RequestContext): CreateBucketOutput => ({
  Location: region === 'us-east-1' ? `/${name}` : `${context.baseUrl}/${name}/`,
  BucketArn: `arn:aws:s3:::${name}`,
})

/**
 * Where the bucket lies. us-east-1 makes buckets for every region and is never named itself; another region makes its
 * own only, and wants to be named. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export function bucketRegion(constraint: string | undefined, region: string): string {
  if (constraint === undefined || constraint === '') {
    if (region !== 'us-east-1') throw illegalLocationConstraint('unspecified')
    return region
  }
  const named = constraint === 'EU' ? 'eu-west-1' : constraint
  if (named === 'us-east-1' || (named !== region && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(named))) {
    throw invalidLocationConstraint(constraint)
  }
  if (region !== 'us-east-1' && named !== region) throw illegalLocationConstraint(constraint)
  return named
}
