import type { Group } from '../../../model/generated/iam.ts'
import type { GroupRow } from '../../../storage/schema/access.ts'
import { noSuchGroup } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'

export const groupArn = (row: Pick<GroupRow, 'account' | 'path' | 'name'>): string =>
  `arn:aws:iam::${row.account}:group${row.path}${row.name}`

/** The group of this name, in whatever case; undefined when there is none. */
export const lookUpGroup = (
  { database }: Pick<IamDeps, 'database'>,
  account: string,
  name: string,
): Promise<GroupRow | undefined> =>
  database.query
    .selectFrom('iam_groups')
    .selectAll()
    .where('account', '=', account)
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst()

/** @throws NoSuchEntity */
export async function findGroup(deps: Pick<IamDeps, 'database'>, account: string, name: string): Promise<GroupRow> {
  const row = await lookUpGroup(deps, account, name)
  if (row === undefined) throw noSuchGroup(name)
  return row
}

export const toGroup = (row: GroupRow): Group => ({
  Path: row.path,
  GroupName: row.name,
  GroupId: row.group_id,
  Arn: groupArn(row),
  CreateDate: row.created_at,
})
