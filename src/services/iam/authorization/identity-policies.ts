import type { AttachedPolicy, PolicySource } from '../../../access/evaluation/access-request.ts'
import type { PolicyCache } from '../../../access/policy/policy-cache.ts'
import type { Principal } from '../../../access/principal.ts'
import { type ChangeFeed, EVERYTHING } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { findAwsManagedPolicy } from '../aws-managed/aws-managed-policies.ts'
import { lookUpPolicy } from '../managed-policies/policy-store.ts'
import { tagsByKey } from '../tag-list.ts'

/** What workers cache about identities: the key is the unique id of a user or role, or EVERYTHING. */
export const IDENTITIES_TOPIC = 'identity-policies'

/** Makes every worker forget what a user or role may do. */
export const identityChanged = (changeFeed: ChangeFeed, id: string): Statement =>
  changeFeed.announce({ topic: IDENTITIES_TOPIC, key: id })

/** Makes every worker forget what anybody may do: a managed policy or a group has changed, whoever has it. */
export const identitiesChanged = (changeFeed: ChangeFeed): Statement => identityChanged(changeFeed, EVERYTHING)

/** All that the identity's side has to say about a principal. */
export interface Identity {
  readonly identity: readonly AttachedPolicy[]
  readonly boundary?: AttachedPolicy
  readonly session?: readonly AttachedPolicy[]
  readonly tags: Readonly<Record<string, string>>
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
      this.#readOwn(kind === 'user' ? 'user' : 'role', account, principal.userId.split(':')[0]!),
      this.#readSession(account, session?.policy, session?.policyArns ?? []),
    ])
    return { ...own, ...(limits !== undefined && { session: limits }) }
  }

  async #readOwn(kind: 'user' | 'role', account: string, id: string): Promise<Identity> {
    const holder = await this.#holder(kind, id)
    // Whoever has been deleted has nothing left.
    if (holder === undefined) return NOBODY
    const groups = kind === 'user' ? await this.#groupsOf(id) : []
    const owners = [{ id, name: holder.name, type: kind }, ...groups]
    const policies = await Promise.all([
      ...owners.map((owner) => this.#inline(owner)),
      ...owners.map((owner) => this.#attached(account, owner.id)),
    ])
    const boundary = holder.boundary === null ? undefined : await this.#managed(account, holder.boundary)
    return {
      identity: policies.flat(),
      ...(boundary !== undefined && { boundary }),
      tags: tagsByKey(holder.tags),
    }
  }

  async #holder(kind: 'user' | 'role', id: string) {
    const { query } = this.#deps.database
    return kind === 'user'
      ? query
          .selectFrom('iam_users')
          .select(['name', 'tags', 'permissions_boundary as boundary'])
          .where('user_id', '=', id)
          .executeTakeFirst()
      : query
          .selectFrom('iam_roles')
          .select(['name', 'tags', 'permissions_boundary as boundary'])
          .where('role_id', '=', id)
          .executeTakeFirst()
  }

  async #groupsOf(userId: string) {
    const rows = await this.#deps.database.query
      .selectFrom('iam_group_members')
      .innerJoin('iam_groups', 'iam_groups.group_id', 'iam_group_members.group_id')
      .select(['iam_groups.group_id', 'iam_groups.name'])
      .where('iam_group_members.user_id', '=', userId)
      .orderBy('iam_groups.name_key')
      .execute()
    return rows.map((row) => ({ id: row.group_id, name: row.name, type: 'group' as const }))
  }

  async #inline(owner: { id: string; name: string; type: 'user' | 'role' | 'group' }): Promise<AttachedPolicy[]> {
    const rows = await this.#deps.database.query
      .selectFrom('iam_inline_policies')
      .select(['name', 'document'])
      .where('owner_id', '=', owner.id)
      .orderBy('name')
      .execute()
    return rows.map(({ name, document }) =>
      this.#compile({ id: `${owner.type}_${owner.name}_${name}`, type: owner.type }, document),
    )
  }

  async #attached(account: string, ownerId: string): Promise<AttachedPolicy[]> {
    const rows = await this.#deps.database.query
      .selectFrom('iam_attachments')
      .select('policy_arn')
      .where('owner_id', '=', ownerId)
      .orderBy('policy_name')
      .execute()
    return Promise.all(rows.map(({ policy_arn: arn }) => this.#managed(account, arn)))
  }

  async #readSession(account: string, policy: string | undefined, arns: readonly string[]) {
    if (policy === undefined && arns.length === 0) return undefined
    const managed = await Promise.all(arns.map((arn) => this.#managed(account, arn)))
    return policy === undefined ? managed : [this.#compile({ id: 'session policy', type: 'none' }, policy), ...managed]
  }

  /** The default version of a managed policy. One that is gone allows nothing, and says so as a policy without words. */
  async #managed(account: string, arn: string): Promise<AttachedPolicy> {
    const aws = findAwsManagedPolicy(arn)
    if (aws !== undefined) return this.#compile({ id: arn, type: 'aws-managed' }, aws.document)
    const source: PolicySource = { id: arn, type: 'user-managed' }
    const found = await lookUpPolicy(this.#deps, account, arn)
    if (found?.origin !== 'account') return this.#compile(source, '')
    const version = await this.#deps.database.query
      .selectFrom('iam_policy_versions')
      .select('document')
      .where('policy_id', '=', found.row.policy_id)
      .where('version', '=', found.row.default_version)
      .executeTakeFirst()
    return this.#compile(source, version?.document ?? '')
  }

  #compile(source: PolicySource, document: string): AttachedPolicy {
    return { source, policy: this.#deps.policies.compile(document) }
  }
}

/** Sessions with limits of their own are told apart by their access key; one that has none is not kept. */
function cacheKey({ userId, session, accessKeyId }: Principal): string | undefined {
  const id = userId.split(':')[0]!
  if (session?.policy === undefined && (session?.policyArns ?? []).length === 0) return id
  return accessKeyId === undefined ? undefined : `${id} ${accessKeyId}`
}
