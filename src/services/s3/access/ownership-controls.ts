import type {
  GetBucketOwnershipControlsOutput,
  GetBucketOwnershipControlsRequest,
  PutBucketOwnershipControlsRequest,
} from '../../../model/generated/s3.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { malformedXml } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'

/** The one setting there is: ACLs are disabled, and the bucket's owner owns every object in it. */
const ENFORCED = 'BucketOwnerEnforced'

export async function getBucketOwnershipControls(
  deps: S3Deps,
  input: GetBucketOwnershipControlsRequest,
  context: RequestContext,
): Promise<GetBucketOwnershipControlsOutput> {
  await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  return { OwnershipControls: { Rules: [{ ObjectOwnership: ENFORCED }] } }
}

export async function putBucketOwnershipControls(
  deps: S3Deps,
  input: PutBucketOwnershipControlsRequest,
  context: RequestContext,
): Promise<void> {
  await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const [rule, ...more] = input.OwnershipControls.Rules
  if (rule === undefined || more.length > 0) throw malformedXml()
  if (rule.ObjectOwnership !== ENFORCED) throw notImplemented(`The object ownership ${rule.ObjectOwnership} of S3`)
}
