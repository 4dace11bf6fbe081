import { checkPolicy } from '../../../access/policy/check-policy.ts'
import { namedIdentities } from '../../../access/policy/check-principals.ts'
import { compilePolicy } from '../../../access/policy/compiled-policy.ts'
import { isTooLarge } from '../../../access/policy/policy-kind.ts'
import { isPublicPolicy } from '../../../access/policy/public-policy.ts'
import type {
  DeleteBucketPolicyRequest,
  GetBucketPolicyOutput,
  GetBucketPolicyRequest,
  GetBucketPolicyStatusOutput,
  GetBucketPolicyStatusRequest,
  PutBucketPolicyRequest,
} from '../../../model/generated/s3.ts'
import type { BucketRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { setBucketPolicy } from '../buckets/bucket-store.ts'
import { malformedPolicy, methodNotAllowed, noSuchBucketPolicy, publicPolicyBlocked } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { readPublicAccessBlock } from './public-access-block.ts'
import { s3Arn } from './s3-arn.ts'

/** Puts a bucket's policy in the place of the one before. It decides at once here, and on every worker within a second. */
export async function putBucketPolicy(
  deps: S3Deps,
  input: PutBucketPolicyRequest,
  context: RequestContext,
): Promise<void> {
  const bucket = await requireOwnBucket(deps, input, context, 'PUT')
  await checkBucketPolicy(deps, bucket, input.Policy, context)
  await deps.buckets.change(bucket.name, [setBucketPolicy(deps.database, bucket, input.Policy)])
}

export async function getBucketPolicy(
  deps: S3Deps,
  input: GetBucketPolicyRequest,
  context: RequestContext,
): Promise<GetBucketPolicyOutput> {
  const bucket = await requireOwnBucket(deps, input, context, 'GET')
  return { Policy: policyOf(bucket) }
}

/** Nothing happens where there is none. */
export async function deleteBucketPolicy(
  deps: S3Deps,
  input: DeleteBucketPolicyRequest,
  context: RequestContext,
): Promise<void> {
  const bucket = await requireOwnBucket(deps, input, context, 'DELETE')
  await deps.buckets.change(bucket.name, [setBucketPolicy(deps.database, bucket, null)])
}

/** Whether the policy is public, by S3's definition of the word. */
export async function getBucketPolicyStatus(
  deps: S3Deps,
  input: GetBucketPolicyStatusRequest,
  context: RequestContext,
): Promise<GetBucketPolicyStatusOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  return { PolicyStatus: { IsPublic: isPublicPolicy(compilePolicy(policyOf(bucket))) } }
}

function policyOf(bucket: BucketRow): string {
  if (bucket.policy === null) throw noSuchBucketPolicy(bucket.name)
  return bucket.policy
}

/** As documented: another account may be allowed the action and still cannot use it. */
async function requireOwnBucket(
  deps: S3Deps,
  input: { readonly Bucket: string; readonly ExpectedBucketOwner?: string },
  context: RequestContext,
  method: string,
): Promise<BucketRow> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  if (bucket.account !== context.principal.account) throw methodNotAllowed(method, 'BUCKETPOLICY')
  return bucket
}

async function checkBucketPolicy(
  deps: S3Deps,
  bucket: BucketRow,
  text: string,
  { principal }: RequestContext,
): Promise<void> {
  if (isTooLarge('bucket', text)) throw malformedPolicy('Policy exceeds the maximum allowed document size.')
  const resource = s3Arn(bucket.name)
  const fault = checkPolicy(text, 'bucket', { resource })
  if (fault !== undefined) throw malformedPolicy(fault.message)
  const exist = await Promise.all(namedIdentities(text).map((arn) => deps.identities.identityExists(arn)))
  if (exist.includes(false)) throw malformedPolicy('Invalid principal in policy')
  const { BlockPublicPolicy: block } = readPublicAccessBlock(bucket)
  if (block && isPublicPolicy(compilePolicy(text))) throw publicPolicyBlocked(principal.arn, resource)
}
