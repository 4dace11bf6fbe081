import type { RevokeGrantRequest } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import { dryRun } from '../errors.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { findGrant, removeGrant } from './grant-store.ts'

/** Takes a grant away; it acts at once. */
export async function revokeGrant(
  deps: KmsDeps,
  input: RevokeGrantRequest,
  context: RequestContext,
): Promise<undefined> {
  const key = await openKey(deps, context, input.KeyId, {
    action: 'kms:RevokeGrant',
    conditions: { 'kms:grantisforawsresource': 'false' },
  })
  await findGrant(deps.database, key.key_id, input.GrantId)
  if (input.DryRun) throw dryRun()
  await removeGrant(deps.database, input.GrantId)
  return undefined
}
