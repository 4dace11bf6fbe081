import type {
  AccessControlPolicy,
  GetBucketAclOutput,
  GetBucketAclRequest,
  GetObjectAclOutput,
  GetObjectAclRequest,
  PutBucketAclRequest,
  PutObjectAclOutput,
  PutObjectAclRequest,
} from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { aclNotSupported, malformedXml } from '../errors.ts'
import { checkKey, checkVersionId } from '../objects/object-key.ts'
import { requireObject } from '../objects/require-object.ts'
import { canonicalId, owner } from '../owner.ts'
import type { S3Deps } from '../s3-deps.ts'
import { checkObjectAcl } from '../unsupported.ts'

/** What a bucket with ACLs disabled shows for itself and everything in it: the owner has full control. */
const ownersAcl = (account: string) => ({
  Owner: owner(account),
  Grants: [
    { Grantee: { ID: canonicalId(account), Type: 'CanonicalUser' as const }, Permission: 'FULL_CONTROL' as const },
  ],
})

export async function getBucketAcl(
  deps: S3Deps,
  input: GetBucketAclRequest,
  context: RequestContext,
): Promise<GetBucketAclOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  return ownersAcl(bucket.account)
}

/** Every object belongs to the bucket's owner, whoever has written it. */
export async function getObjectAcl(
  deps: S3Deps,
  input: GetObjectAclRequest,
  context: RequestContext,
): Promise<GetObjectAclOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  checkVersionId(input.VersionId)
  await requireObject(deps, bucket, input.Key, context)
  return ownersAcl(bucket.account)
}

/** Takes the ACL that holds anyway; any other is refused, as in every bucket with BucketOwnerEnforced. */
export async function putBucketAcl(deps: S3Deps, input: PutBucketAclRequest, context: RequestContext): Promise<void> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  requireOwnersAcl(input, bucket.account)
}

export async function putObjectAcl(
  deps: S3Deps,
  input: PutObjectAclRequest,
  context: RequestContext,
): Promise<PutObjectAclOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  checkVersionId(input.VersionId)
  await requireObject(deps, bucket, input.Key, context)
  requireOwnersAcl(input, bucket.account)
  return {}
}

type AclInput = Omit<PutBucketAclRequest, 'ACL' | 'Bucket'> & { readonly ACL?: string }

function requireOwnersAcl(input: AclInput, account: string): void {
  const { ACL, AccessControlPolicy: policy } = input
  const grants = [
    input.GrantFullControl,
    input.GrantRead,
    input.GrantReadACP,
    input.GrantWrite,
    input.GrantWriteACP,
  ].filter((grant) => grant !== undefined)
  if (ACL === undefined && policy === undefined && grants.length === 0) throw malformedXml()
  checkObjectAcl(ACL)
  if (grants.length > 0 || (policy !== undefined && !saysOwnersAcl(policy, account))) throw aclNotSupported()
}

function saysOwnersAcl({ Grants: grants = [], Owner: named }: AccessControlPolicy, account: string): boolean {
  const [grant] = grants
  const id = canonicalId(account)
  return (
    grants.length === 1 &&
    grant?.Permission === 'FULL_CONTROL' &&
    grant.Grantee?.ID === id &&
    (named?.ID === undefined || named.ID === id)
  )
}
