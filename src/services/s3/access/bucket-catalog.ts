import type { AttachedPolicy } from '../../../access/evaluation/access-request.ts'
import type { PolicyCache } from '../../../access/policy/policy-cache.ts'
import { isPublicPolicy } from '../../../access/policy/public-policy.ts'
import { type ChangeFeed, EVERYTHING } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { type BucketPlace, findBucket } from '../buckets/bucket-store.ts'
import { readPublicAccessBlock } from './public-access-block.ts'

/** What workers cache about buckets; the key is the bucket's name. */
const BUCKETS_TOPIC = 's3-buckets'

const LIMIT = 10_000

/** What of a bucket decides who may use it, and how it takes objects in. */
export interface BucketFacts extends BucketPlace {
  /** Undefined without a policy. */
  readonly policy: AttachedPolicy | undefined
  /** The policy is public and RestrictPublicBuckets holds it to the owner's account and to services. */
  readonly restricted: boolean
}

/** The owners, policies and default encryption of buckets, kept in memory until the change feed says that they are no longer so. */
export interface BucketCatalog {
  /** At once when known. Rejects when storage is away. */
  find(name: string): BucketFacts | undefined | Promise<BucketFacts | undefined>
  /** Whose the bucket was when it was last decided about, if it was lately. */
  lastOwner(name: string): string | undefined
  /** Commits what changes a bucket. It acts here once this resolves, and on every other worker when the feed says so. */
  change(name: string, unit: readonly Statement[]): Promise<void>
}

interface CatalogDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly policies: PolicyCache
}

export function createBucketCatalog({ database, changeFeed, policies }: CatalogDeps): BucketCatalog {
  const kept = new Map<string, BucketFacts>()
  const owners = new Map<string, string>()
  /** Counts what was forgotten, so that what was read before a change is not kept after it. */
  let epoch = 0
  const forget = (name: string): void => {
    epoch++
    if (name === EVERYTHING) kept.clear()
    else kept.delete(name)
  }
  changeFeed.subscribe(BUCKETS_TOPIC, forget)

  async function load(name: string): Promise<BucketFacts | undefined> {
    const before = epoch
    const row = await findBucket(database, name)
    if (row === undefined) {
      // A request that found no bucket was not decided about whoever had one of that name before.
      owners.delete(name)
      return undefined
    }
    const policy: AttachedPolicy | undefined =
      row.policy === null
        ? undefined
        : { source: { id: `arn:aws:s3:::${name}`, type: 'resource' }, policy: policies.compile(row.policy) }
    const { RestrictPublicBuckets: restrict } = readPublicAccessBlock(row)
    const restricted = restrict && policy !== undefined && isPublicPolicy(policy.policy)
    const { account, region, encryption } = row
    const facts = { name, account, region, encryption, policy, restricted }
    keep(owners, name, row.account)
    if (before === epoch) keep(kept, name, facts)
    return facts
  }

  return {
    find: (name) => kept.get(name) ?? load(name),
    lastOwner: (name) => owners.get(name),
    async change(name, unit) {
      await database.commit([...unit, changeFeed.announce({ topic: BUCKETS_TOPIC, key: name })])
      forget(name)
    },
  }
}

/** The oldest makes room. */
function keep<Value>(map: Map<string, Value>, name: string, value: Value): void {
  if (map.size >= LIMIT && !map.has(name)) for (const oldest of map.keys()) if (map.delete(oldest)) break
  map.set(name, value)
}
