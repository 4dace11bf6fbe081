import { sql } from 'kysely'
import type { ListRolesRequest, ListRolesResponse } from '../../../model/generated/iam.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'
import { toListedRole } from './role-store.ts'

export async function listRoles(
  deps: IamDeps,
  input: ListRolesRequest,
  { account }: RequestContext,
): Promise<ListRolesResponse> {
  const prefix = input.PathPrefix ?? '/'
  const scope = ['roles', account, prefix]
  const query = deps.database.query
    .selectFrom('iam_roles')
    .selectAll()
    .where('account', '=', account)
    .where(sql<boolean>`substr(path, 1, ${prefix.length}) = ${prefix}`)
  const page = await readPage(query, ['name_key'], { ...pageRequest(scope, input), descending: false })
  return { Roles: page.rows.map(toListedRole), ...pageOutput(scope, page) }
}
