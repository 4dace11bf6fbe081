import { sql } from 'kysely'
import type { ListUsersRequest, ListUsersResponse } from '../../../model/generated/iam.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'
import { toListedUser } from './user-store.ts'

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
