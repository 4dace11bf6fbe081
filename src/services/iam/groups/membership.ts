import type { AddUserToGroupRequest, RemoveUserFromGroupRequest } from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { identityChanged } from '../authorization/identity-policies.ts'
import { notInGroup, quotaExceeded } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findOwner, ownerGuard } from '../owner.ts'

const MAX_GROUPS = 10

/** Adding a user who is in the group already is no error. */
export async function addUserToGroup(
  deps: IamDeps,
  input: AddUserToGroupRequest,
  { account }: RequestContext,
): Promise<void> {
  const group = await findOwner(deps, account, 'group', input.GroupName)
  const user = await findOwner(deps, account, 'user', input.UserName)
  const { query } = deps.database
  await deps.database.commit([
    ownerGuard(deps, group),
    ownerGuard(deps, user),
    statement(
      query
        .insertInto('iam_group_members')
        .values({ group_id: group.id, user_id: user.id })
        .onConflict((conflict) => conflict.doNothing()),
    ),
    statement(
      query
        .selectFrom('iam_group_members')
        .select('group_id')
        .where('user_id', '=', user.id)
        .offset(MAX_GROUPS)
        .limit(1),
      none(() => quotaExceeded('GroupsPerUser', MAX_GROUPS)),
    ),
    identityChanged(deps.changeFeed, user.id),
  ])
}

export async function removeUserFromGroup(
  deps: IamDeps,
  input: RemoveUserFromGroupRequest,
  { account }: RequestContext,
): Promise<void> {
  const group = await findOwner(deps, account, 'group', input.GroupName)
  const user = await findOwner(deps, account, 'user', input.UserName)
  await deps.database.commit([
    statement(
      deps.database.query
        .deleteFrom('iam_group_members')
        .where('group_id', '=', group.id)
        .where('user_id', '=', user.id),
      one(() => notInGroup(user.name, group.name)),
    ),
    identityChanged(deps.changeFeed, user.id),
  ])
}
