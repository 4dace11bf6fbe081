import type { Role } from '../../../model/generated/iam.ts'
import type { RoleRow } from '../../../storage/schema/access.ts'
import { encodeDocument } from '../document.ts'
import { noSuchRole } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { parseTags } from '../tag-list.ts'

export const roleArn = (row: Pick<RoleRow, 'account' | 'path' | 'name'>): string =>
  `arn:aws:iam::${row.account}:role${row.path}${row.name}`

/** The role of this name, in whatever case; undefined when there is none. */
export const lookUpRole = (
  { database }: Pick<IamDeps, 'database'>,
  account: string,
  name: string,
): Promise<RoleRow | undefined> =>
  database.query
    .selectFrom('iam_roles')
    .selectAll()
    .where('account', '=', account)
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst()

/** @throws NoSuchEntity */
export async function findRole(deps: IamDeps, account: string, name: string): Promise<RoleRow> {
  const row = await lookUpRole(deps, account, name)
  if (row === undefined) throw noSuchRole(name)
  return row
}

/**
 * The role that an ARN names, path and letter case included; undefined when there is none. Policies are about the ARN as
 * it is written, so another spelling must not lead to a role that they deny.
 */
export async function findRoleByArn(deps: Pick<IamDeps, 'database'>, arn: string): Promise<RoleRow | undefined> {
  const match = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/s.exec(arn)
  if (match === null) return undefined
  const row = await lookUpRole(deps, match[1]!, match[2]!)
  return row !== undefined && roleArn(row) === arn ? row : undefined
}

/** As lists show it: without tags, boundary and last use. */
export const toListedRole = (row: RoleRow): Role => ({
  Path: row.path,
  RoleName: row.name,
  RoleId: row.role_id,
  Arn: roleArn(row),
  CreateDate: row.created_at,
  AssumeRolePolicyDocument: encodeDocument(row.trust_policy),
  Description: row.description ?? undefined,
  MaxSessionDuration: row.max_session_duration,
})

export function toRole(row: RoleRow): Role {
  const tags = parseTags(row.tags)
  return {
    ...toListedRole(row),
    PermissionsBoundary: toBoundary(row.permissions_boundary),
    Tags: tags.length === 0 ? undefined : [...tags],
  }
}

export const toBoundary = (arn: string | null) =>
  arn === null
    ? undefined
    : ({ PermissionsBoundaryType: 'PermissionsBoundaryPolicy', PermissionsBoundaryArn: arn } as never)
