import type { Principal } from '../../access/principal.ts'
import { userPrincipal } from '../../access/principals.ts'
import type { Database } from '../../storage/database.ts'

/**
 * Who a principal of earlier is now; undefined when the user or role is gone, and with it every session and login. A user
 * may have been renamed since, so that what policies say of the old name is no longer about it.
 */
export async function presentPrincipal(
  { database }: { readonly database: Database },
  principal: Principal,
): Promise<Principal | undefined> {
  const id = principal.userId.split(':')[0]!
  if (principal.kind === 'role') {
    const row = await database.query
      .selectFrom('iam_roles')
      .select('role_id')
      .where('role_id', '=', id)
      .executeTakeFirst()
    return row === undefined ? undefined : principal
  }
  if (principal.kind !== 'user') return principal
  const row = await database.query
    .selectFrom('iam_users')
    .select(['name', 'path'])
    .where('user_id', '=', id)
    .executeTakeFirst()
  return row === undefined ? undefined : { ...principal, arn: userPrincipal(principal.account, { id, ...row }).arn }
}
