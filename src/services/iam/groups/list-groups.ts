import { sql } from 'kysely'
import type {
  ListGroupsForUserRequest,
  ListGroupsForUserResponse,
  ListGroupsRequest,
  ListGroupsResponse,
} from '../../../model/generated/iam.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOf, pageOutput, pageRequest } from '../paging.ts'
import { findUser } from '../users/user-store.ts'
import { toGroup } from './group-store.ts'

export async function listGroups(
  deps: IamDeps,
  input: ListGroupsRequest,
  { account }: RequestContext,
): Promise<ListGroupsResponse> {
  const prefix = input.PathPrefix ?? '/'
  const scope = ['groups', account, prefix]
  const query = deps.database.query
    .selectFrom('iam_groups')
    .selectAll()
    .where('account', '=', account)
    .where(sql<boolean>`substr(path, 1, ${prefix.length}) = ${prefix}`)
  const page = await readPage(query, ['name_key'], { ...pageRequest(scope, input), descending: false })
  return { Groups: page.rows.map(toGroup), ...pageOutput(scope, page) }
}

export async function listGroupsForUser(
  deps: IamDeps,
  input: ListGroupsForUserRequest,
  { account }: RequestContext,
): Promise<ListGroupsForUserResponse> {
  const user = await findUser(deps, account, input.UserName)
  const groups = await deps.database.query
    .selectFrom('iam_group_members')
    .innerJoin('iam_groups', 'iam_groups.group_id', 'iam_group_members.group_id')
    .selectAll('iam_groups')
    .where('iam_group_members.user_id', '=', user.user_id)
    .execute()
  const { items, ...paging } = pageOf(groups, (row) => row.name_key, ['groups-of', user.user_id], input)
  return { Groups: items.map(toGroup), ...paging }
}
