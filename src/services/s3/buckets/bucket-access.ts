import type { Principal } from '../../../access/principal.ts'
import type { BucketRow } from '../../../storage/schema/s3.ts'
import { accessDenied, invalidBucketName, invalidBucketOwner, noSuchBucket, tryAgain } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { isBucketName } from './bucket-name.ts'
import { findBucket } from './bucket-store.ts'

/**
 * The bucket that a request is about, whoever's it is: whether the principal may was decided before.
 *
 * @param expectedOwner the header `x-amz-expected-bucket-owner`
 */
export async function requireBucket(
  deps: Pick<S3Deps, 'database' | 'buckets'>,
  principal: Principal,
  name: string,
  expectedOwner?: string,
): Promise<BucketRow> {
  if (expectedOwner !== undefined && !/^\d{12}$/.test(expectedOwner)) throw invalidBucketOwner(expectedOwner)
  if (!isBucketName(name)) throw invalidBucketName(name)
  const bucket = await findBucket(deps.database, name)
  if (bucket === undefined) throw noSuchBucket(name)
  if (bucket.account !== principal.account) requireSameOwner(deps, bucket)
  if (expectedOwner !== undefined && expectedOwner !== bucket.account) throw accessDenied()
  return bucket
}

/**
 * A name that has passed to another account since the request was decided is no longer the bucket that it was decided
 * about. Where nobody remembers whose that was, deciding once more tells.
 */
function requireSameOwner(
  { buckets }: Pick<S3Deps, 'buckets'>,
  { name, account }: Pick<BucketRow, 'name' | 'account'>,
): void {
  const owner = buckets.lastOwner(name)
  if (owner === undefined) throw tryAgain()
  if (owner !== account) throw noSuchBucket(name)
}
