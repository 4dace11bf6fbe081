import type { GetGroupRequest, GetGroupResponse } from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOf } from '../paging.ts'
import { toListedUser } from '../users/user-store.ts'
import { findGroup, toGroup } from './group-store.ts'

/** The group, and a page of the users in it. */
export async function getGroup(
  deps: IamDeps,
  input: GetGroupRequest,
  { account }: RequestContext,
): Promise<GetGroupResponse> {
  const group = await findGroup(deps, account, input.GroupName)
  const members = await deps.database.query
    .selectFrom('iam_group_members')
    .innerJoin('iam_users', 'iam_users.user_id', 'iam_group_members.user_id')
    .selectAll('iam_users')
    .where('iam_group_members.group_id', '=', group.group_id)
    .execute()
  const { items, ...paging } = pageOf(members, (row) => row.name_key, ['members', group.group_id], input)
  return { Group: toGroup(group), Users: items.map(toListedUser), ...paging }
}
