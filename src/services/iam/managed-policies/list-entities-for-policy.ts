import type { ListEntitiesForPolicyRequest, ListEntitiesForPolicyResponse } from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOf } from '../paging.ts'
import { findPolicy } from './policy-store.ts'

interface Entity {
  readonly kind: 'group' | 'role' | 'user'
  readonly name: string
  readonly id: string
}

/** Who has a policy attached, or as a boundary: groups first, then roles, then users. */
export async function listEntitiesForPolicy(
  deps: IamDeps,
  input: ListEntitiesForPolicyRequest,
  { account }: RequestContext,
): Promise<ListEntitiesForPolicyResponse> {
  await findPolicy(deps, account, input.PolicyArn)
  const { EntityFilter, PathPrefix = '/', PolicyUsageFilter = 'PermissionsPolicy' } = input
  const entities: Entity[] = []
  for (const kind of ['group', 'role', 'user'] as const) {
    if (EntityFilter !== undefined && EntityFilter.toLowerCase() !== kind) continue
    const rows = await readEntities(deps, account, kind, input.PolicyArn, PolicyUsageFilter === 'PermissionsBoundary')
    for (const row of rows) if (row.path.startsWith(PathPrefix)) entities.push({ kind, name: row.name, id: row.id })
  }
  const scope = ['entities', account, input.PolicyArn, EntityFilter, PathPrefix, PolicyUsageFilter]
  const { items, ...paging } = pageOf(entities, ({ kind, name }) => `${kind} ${name.toLowerCase()}`, scope, input)
  const of = (kind: Entity['kind']) => items.filter((entity) => entity.kind === kind)
  return {
    PolicyGroups: of('group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
    PolicyUsers: of('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
    PolicyRoles: of('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
    ...paging,
  }
}

async function readEntities(
  { database }: IamDeps,
  account: string,
  kind: Entity['kind'],
  arn: string,
  asBoundary: boolean,
) {
  const { query } = database
  const attached = query
    .selectFrom('iam_attachments')
    .select('owner_id')
    .where('account', '=', account)
    .where('policy_arn', '=', arn)
  if (kind === 'group') {
    // A group is nobody's principal, so it has no boundary.
    if (asBoundary) return []
    return query
      .selectFrom('iam_groups')
      .select(['name', 'path', 'group_id as id'])
      .where('account', '=', account)
      .where('group_id', 'in', attached)
      .execute()
  }
  if (kind === 'role') {
    const roles = query.selectFrom('iam_roles').select(['name', 'path', 'role_id as id']).where('account', '=', account)
    return asBoundary
      ? roles.where('permissions_boundary', '=', arn).execute()
      : roles.where('role_id', 'in', attached).execute()
  }
  const users = query.selectFrom('iam_users').select(['name', 'path', 'user_id as id']).where('account', '=', account)
  return asBoundary
    ? users.where('permissions_boundary', '=', arn).execute()
    : users.where('user_id', 'in', attached).execute()
}
