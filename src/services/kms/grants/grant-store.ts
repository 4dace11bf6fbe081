import type { Database } from '../../../storage/database.ts'
import type { GrantRow } from '../../../storage/schema/kms.ts'
import { one, statement } from '../../../storage/statement.ts'
import { badGrantId, grantMissing } from '../errors.ts'

/** @throws InvalidGrantIdException for what was never a grant's id */
export function requireGrantId(grantId: string): void {
  if (!/^[0-9a-f]{64}$/.test(grantId)) throw badGrantId()
}

/** @throws InvalidGrantIdException, NotFoundException */
export async function findGrant(database: Database, keyId: string, grantId: string): Promise<GrantRow> {
  requireGrantId(grantId)
  const grant = await findGrantById(database, grantId)
  if (grant === undefined || grant.key_id !== keyId) throw grantMissing(grantId)
  return grant
}

export const findGrantById = (database: Database, grantId: string): Promise<GrantRow | undefined> =>
  database.query.selectFrom('kms_grants').selectAll().where('grant_id', '=', grantId).executeTakeFirst()

/** @throws NotFoundException when another request was faster */
export async function removeGrant(database: Database, grantId: string): Promise<void> {
  await database.commit([
    statement(
      database.query.deleteFrom('kms_grants').where('grant_id', '=', grantId),
      one(() => grantMissing(grantId)),
    ),
  ])
}
