import type { AttachedPolicy } from '../../../access/evaluation/access-request.ts'
import type { PolicyCache } from '../../../access/policy/policy-cache.ts'
import type { Principal } from '../../../access/principal.ts'
import { type ChangeFeed, EVERYTHING } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { type OwnPolicies, readManagedPolicy, readOwnPolicies } from './own-policies.ts'

/** What workers cache about identities: the key is the unique id of a user or role, or EVERYTHING. */
export const IDENTITIES_TOPIC = 'identity-policies'

/** Makes every worker forget what a user or role may do. */
export const identityChanged = (changeFeed: ChangeFeed, id: string): Statement =>
  changeFeed.announce({ topic: IDENTITIES_TOPIC, key: id })

/** Makes every worker forget what anybody may do: a managed policy or a group has changed, whoever has it. */
export const identitiesChanged = (changeFeed: ChangeFeed): Statement => identityChanged(changeFeed, EVERYTHING)

/** All that the identity's side has to say about a principal. */
export interface Identity extends OwnPolicies {
  readonly session?: readonly AttachedPolicy[]
}

const NOBODY: Identity = { identity: [], tags: {} }

const LIMIT = 10_000

interface IdentityDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly policies: PolicyCache
}

/** The policies of principals, kept in memory until the change feed says that they are no longer so. */
export class IdentityPolicies {
  readonly #deps: IdentityDeps
  /** By unique id; sessions with policies of their own by their access key. */
  readonly #known = new Map<string, Identity>()
  /** Counts what was forgotten, so that what was read before a change is not kept after it. */
  #epoch = 0

  constructor(deps: IdentityDeps) {
    this.#deps = deps
    deps.changeFeed.subscribe(IDENTITIES_TOPIC, () => {
      this.#epoch++
      this.#known.clear()
    })
  }

  /** At once when known. Rejects when storage is away. */
  find(principal: Principal): Identity | Promise<Identity> {
    if (principal.kind !== 'user' && principal.kind !== 'role') return NOBODY
    const key = cacheKey(principal)
    return (key === undefined ? undefined : this.#known.get(key)) ?? this.#load(principal, key)
  }

  async #load(principal: Principal, key: string | undefined): Promise<Identity> {
    const epoch = this.#epoch
    const loaded = await this.#read(principal)
    if (key !== undefined && epoch === this.#epoch) {
      if (this.#known.size >= LIMIT) for (const oldest of this.#known.keys()) if (this.#known.delete(oldest)) break
      this.#known.set(key, loaded)
    }
    return loaded
  }

  async #read(principal: Principal): Promise<Identity> {
    const { kind, account, session } = principal
    const [own, limits] = await Promise.all([
      readOwnPolicies(this.#deps, kind === 'user' ? 'user' : 'role', account, principal.userId.split(':')[0]!),
      this.#readSession(account, session?.policy, session?.policyArns ?? []),
    ])
    return { ...own, ...(limits !== undefined && { session: limits }) }
  }

  async #readSession(account: string, policy: string | undefined, arns: readonly string[]) {
    if (policy === undefined && arns.length === 0) return undefined
    const managed = await Promise.all(arns.map((arn) => readManagedPolicy(this.#deps, account, arn)))
    if (policy === undefined) return managed
    const source = { id: 'session policy', type: 'none' } as const
    return [{ source, policy: this.#deps.policies.compile(policy) }, ...managed]
  }
}

/** Sessions with limits of their own are told apart by their access key; one that has none is not kept. */
function cacheKey({ userId, session, accessKeyId }: Principal): string | undefined {
  const id = userId.split(':')[0]!
  if (session?.policy === undefined && (session?.policyArns ?? []).length === 0) return id
  return accessKeyId === undefined ? undefined : `${id} ${accessKeyId}`
}
