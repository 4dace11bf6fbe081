import type { User } from '../../../model/generated/iam.ts'
import type { UserRow } from '../../../storage/schema/access.ts'
import { noSuchUser } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { toBoundary } from '../roles/role-store.ts'
import { parseTags } from '../tag-list.ts'

/** @throws NoSuchEntity */
export async function findUser(deps: IamDeps, account: string, name: string): Promise<UserRow> {
  const row = await deps.database.query
    .selectFrom('iam_users')
    .selectAll()
    .where('account', '=', account)
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst()
  if (row === undefined) throw noSuchUser(name)
  return row
}

/** As lists show it: without tags and boundary. */
export const toListedUser = (row: UserRow): User => ({
  Path: row.path,
  UserName: row.name,
  UserId: row.user_id,
  Arn: `arn:aws:iam::${row.account}:user${row.path}${row.name}`,
  CreateDate: row.created_at,
})

export function toUser(row: UserRow): User {
  const tags = parseTags(row.tags)
  return {
    ...toListedUser(row),
    PermissionsBoundary: toBoundary(row.permissions_boundary),
    Tags: tags.length === 0 ? undefined : [...tags],
  }
}
