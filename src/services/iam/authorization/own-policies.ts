import type { AttachedPolicy, PolicySource } from '../../../access/evaluation/access-request.ts'
import type { PolicyCache } from '../../../access/policy/policy-cache.ts'
import type { Database } from '../../../storage/database.ts'
import { findAwsManagedPolicy } from '../aws-managed/aws-managed-policies.ts'
import { lookUpPolicy } from '../managed-policies/policy-store.ts'
import { tagsByKey } from '../tag-list.ts'

interface OwnPoliciesDeps {
  readonly database: Database
  readonly policies: PolicyCache
}

/** What a user, role or group has by itself: its policies, a user's groups' too, the boundary, and tags. */
export interface OwnPolicies {
  readonly identity: readonly AttachedPolicy[]
  readonly boundary?: AttachedPolicy
  readonly tags: Readonly<Record<string, string>>
}

interface Holder {
  readonly name: string
  readonly tags: string
  readonly boundary: string | null
}

/** Whoever has been deleted has nothing left. `id` is the unique id. */
export async function readOwnPolicies(
  deps: OwnPoliciesDeps,
  kind: 'user' | 'role' | 'group',
  account: string,
  id: string,
): Promise<OwnPolicies> {
  const holder = await readHolder(deps, kind, id)
  if (holder === undefined) return { identity: [], tags: {} }
  const groups = kind === 'user' ? await readGroupsOf(deps, id) : []
  const owners = [{ id, name: holder.name, type: kind }, ...groups]
  const policies = await Promise.all([
    ...owners.map((owner) => readInline(deps, owner)),
    ...owners.map((owner) => readAttached(deps, account, owner.id)),
  ])
  const boundary = holder.boundary === null ? undefined : await readManagedPolicy(deps, account, holder.boundary)
  return {
    identity: policies.flat(),
    ...(boundary !== undefined && { boundary }),
    tags: tagsByKey(holder.tags),
  }
}

/** The default version of a managed policy. One that is gone allows nothing, and says so as a policy without words. */
export async function readManagedPolicy(deps: OwnPoliciesDeps, account: string, arn: string): Promise<AttachedPolicy> {
  const aws = findAwsManagedPolicy(arn)
  if (aws !== undefined) return compile(deps, { id: arn, type: 'aws-managed' }, aws.document)
  const source: PolicySource = { id: arn, type: 'user-managed' }
  const found = await lookUpPolicy(deps, account, arn)
  if (found?.origin !== 'account') return compile(deps, source, '')
  const version = await deps.database.query
    .selectFrom('iam_policy_versions')
    .select('document')
    .where('policy_id', '=', found.row.policy_id)
    .where('version', '=', found.row.default_version)
    .executeTakeFirst()
  return compile(deps, source, version?.document ?? '')
}

async function readHolder(
  { database: { query } }: OwnPoliciesDeps,
  kind: 'user' | 'role' | 'group',
  id: string,
): Promise<Holder | undefined> {
  switch (kind) {
    case 'user':
      return query
        .selectFrom('iam_users')
        .select(['name', 'tags', 'permissions_boundary as boundary'])
        .where('user_id', '=', id)
        .executeTakeFirst()
    case 'role':
      return query
        .selectFrom('iam_roles')
        .select(['name', 'tags', 'permissions_boundary as boundary'])
        .where('role_id', '=', id)
        .executeTakeFirst()
    case 'group': {
      const row = await query.selectFrom('iam_groups').select('name').where('group_id', '=', id).executeTakeFirst()
      return row === undefined ? undefined : { name: row.name, tags: '[]', boundary: null }
    }
  }
}

async function readGroupsOf({ database }: OwnPoliciesDeps, userId: string) {
  const rows = await database.query
    .selectFrom('iam_group_members')
    .innerJoin('iam_groups', 'iam_groups.group_id', 'iam_group_members.group_id')
    .select(['iam_groups.group_id', 'iam_groups.name'])
    .where('iam_group_members.user_id', '=', userId)
    .orderBy('iam_groups.name_key')
    .execute()
  return rows.map((row) => ({ id: row.group_id, name: row.name, type: 'group' as const }))
}

async function readInline(
  deps: OwnPoliciesDeps,
  owner: { id: string; name: string; type: 'user' | 'role' | 'group' },
): Promise<AttachedPolicy[]> {
  const rows = await deps.database.query
    .selectFrom('iam_inline_policies')
    .select(['name', 'document'])
    .where('owner_id', '=', owner.id)
    .orderBy('name')
    .execute()
  return rows.map(({ name, document }) =>
    compile(deps, { id: `${owner.type}_${owner.name}_${name}`, type: owner.type }, document),
  )
}

async function readAttached(deps: OwnPoliciesDeps, account: string, ownerId: string): Promise<AttachedPolicy[]> {
  const rows = await deps.database.query
    .selectFrom('iam_attachments')
    .select('policy_arn')
    .where('owner_id', '=', ownerId)
    .orderBy('policy_name')
    .execute()
  return Promise.all(rows.map(({ policy_arn: arn }) => readManagedPolicy(deps, account, arn)))
}

const compile = ({ policies }: OwnPoliciesDeps, source: PolicySource, document: string): AttachedPolicy => ({
  source,
  policy: policies.compile(document),
})
