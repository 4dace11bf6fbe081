import type { Principal } from '../../../access/principal.ts'
import type { BucketRow } from '../../../storage/schema/s3.ts'
import { accessDenied, invalidBucketName, invalidBucketOwner, noSuchBucket } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { isBucketName } from './bucket-name.ts'
import { findBucket } from './bucket-store.ts'

/**
 * The bucket, for a principal of the account that owns it. Without bucket policies an account's buckets are its own:
 * everybody else is denied.
 *
 * @param expectedOwner the header `x-amz-expected-bucket-owner`
 */
export async function requireBucket(
  deps: Pick<S3Deps, 'database'>,
  principal: Principal,
  name: string,
  expectedOwner?: string,
): Promise<BucketRow> {
  if (expectedOwner !== undefined && !/^\d{12}$/.test(expectedOwner)) throw invalidBucketOwner(expectedOwner)
  if (!isBucketName(name)) throw invalidBucketName(name)
  const bucket = await findBucket(deps.database, name)
  if (bucket === undefined) throw noSuchBucket(name)
  if (principal.kind === 'anonymous' || bucket.account !== principal.account) throw accessDenied()
  if (expectedOwner !== undefined && expectedOwner !== bucket.account) throw accessDenied()
  return bucket
}
