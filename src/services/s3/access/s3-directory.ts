import type { Principal } from '../../../access/principal.ts'
import type { Database } from '../../../storage/database.ts'
import type { ResourceDirectory, ResourceSide } from '../../authorizer.ts'
import { isBucketName } from '../buckets/bucket-name.ts'
import { invalidBucketName, noSuchBucket } from '../errors.ts'
import { findObject } from '../objects/object-store.ts'
import { canonicalId } from '../owner.ts'
import { decodeTags } from '../tag-set.ts'
import type { BucketCatalog, BucketFacts } from './bucket-catalog.ts'
import { parseS3Arn } from './s3-arn.ts'

interface DirectoryDeps {
  readonly database: Database
  readonly buckets: BucketCatalog
}

/**
 * Buckets and objects as authorisation sees them. What lies in no bucket is decided by the caller's own side; a caller
 * without one, who has not signed, is told at once that there is no such bucket, as S3 does.
 */
export function createS3Directory({ database, buckets }: DirectoryDeps): ResourceDirectory {
  function sideOf(
    principal: Principal,
    bucket: string,
    key: string | undefined,
    facts: BucketFacts | undefined,
  ): ResourceSide | undefined {
    if (facts === undefined) {
      if (principal.kind !== 'anonymous') return undefined
      throw isBucketName(bucket) ? noSuchBucket(bucket) : invalidBucketName(bucket)
    }
    const { account, policy, restricted } = facts
    const shutOut = restricted && principal.kind !== 'service' && principal.account !== account
    return {
      account,
      policies: { rule: 'bucket', policies: policy === undefined || shutOut ? [] : [policy] },
      conditions: { 's3:resourceaccount': account },
      ...(policy !== undefined && principal.account !== '' && { canonicalUserId: canonicalId(principal.account) }),
      ...(key !== undefined && {
        tagKey: 's3:existingobjecttag/',
        tags: async () => decodeTags((await findObject(database, bucket, key))?.tags ?? null),
      }),
    }
  }

  return {
    find(resource, principal) {
      const named = parseS3Arn(resource)
      if (named === undefined) return undefined
      const { bucket, key } = named
      const facts = buckets.find(bucket)
      return facts instanceof Promise
        ? facts.then((found) => sideOf(principal, bucket, key, found))
        : sideOf(principal, bucket, key, facts)
    },
  }
}
