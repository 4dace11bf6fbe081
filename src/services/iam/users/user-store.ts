import type { User } from '../../../model/generated/iam.ts'
import type { UserRow } from '../../../storage/schema/access.ts'
import { noSuchUser } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { toBoundary } from '../roles/role-store.ts'
import { parseTags } from '../tag-list.ts'

export const userArn = (row: Pick<UserRow, 'account' | 'path' | 'name'>): string =>
  `arn:aws:iam::${row.account}:user${row.path}${row.name}`

/** The user of this name, in whatever case; undefined when there is none. */
export const lookUpUser = (
  { database }: Pick<IamDeps, 'database'>,
  account: string,
  name: string,
): Promise<UserRow | undefined> =>
  database.query
    .selectFrom('iam_users')
    .selectAll()
    .where('account', '=', account)
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst()

/** @throws NoSuchEntity */
export async function findUser(deps: IamDeps, account: string, name: string): Promise<UserRow> {
  const row = await lookUpUser(deps, account, name)
  if (row === undefined) throw noSuchUser(name)
  return row
}

/** The user that an ARN names, its path included; undefined when there is none. */
export async function findUserByArn(deps: Pick<IamDeps, 'database'>, arn: string): Promise<UserRow | undefined> {
  const match = /^arn:aws:iam::(\d{12}):user\/(?:.*\/)?([^/]+)$/s.exec(arn)
  if (match === null) return undefined
  const row = await lookUpUser(deps, match[1]!, match[2]!)
  return row !== undefined && userArn(row) === arn ? row : undefined
}

/** As lists show it: without tags and boundary. */
export const toListedUser = (row: UserRow): User => ({
  Path: row.path,
  UserName: row.name,
  UserId: row.user_id,
  Arn: userArn(row),
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
