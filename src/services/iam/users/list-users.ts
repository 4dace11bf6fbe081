import { sql } from 'kysely'
import type {
  ListGroupsForUserRequest,
  ListGroupsForUserResponse,
  ListUsersRequest,
  ListUsersResponse,
} from '../../../model/generated/iam.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'
import { findUser, toListedUser } from './user-store.ts'

export async function listUsers(
  deps: IamDeps,
  input: ListUsersRequest,
  { account }: RequestContext,
): Promise<ListUsersResponse> {
  const prefix = input.PathPrefix ?? '/'
  const scope = ['users', account, prefix]
  const query = deps.database.query
    .selectFrom('iam_users')
    .selectAll()
    .where('account', '=', account)
    .where(sql<boolean>`substr(path, 1, ${prefix.length}) = ${prefix}`)
  const page = await readPage(query, ['name_key'], { ...pageRequest(scope, input), descending: false })
  return { Users: page.rows.map(toListedUser), ...pageOutput(scope, page) }
}

/** Nobody is in a group, because groups cannot be created; tools ask before they delete a user. */
export async function listGroupsForUser(
  deps: IamDeps,
  input: ListGroupsForUserRequest,
  { account }: RequestContext,
): Promise<ListGroupsForUserResponse> {
  await findUser(deps, account, input.UserName)
  return { Groups: [], IsTruncated: false }
}
