import type { RotateKeyOnDemandRequest, RotateKeyOnDemandResponse } from '../../../model/generated/kms.ts'
import { none, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { limitExceeded } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'
import { requireEnabled } from '../keys/key-state.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { rotate } from './rotate-key.ts'

/** How often a key may be rotated so in its life. Source: the quotas of AWS KMS. */
const MOST = 25

/** The rotations that come by themselves keep their dates. */
export async function rotateKeyOnDemand(
  deps: KmsDeps,
  input: RotateKeyOnDemandRequest,
  context: RequestContext,
): Promise<RotateKeyOnDemandResponse> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:RotateKeyOnDemand' })
  requireEnabled(key)
  await deps.database.commit([
    ...rotate(deps, key, 'ON_DEMAND', context.now, key.next_rotation_at),
    statement(
      deps.database.query
        .selectFrom('kms_materials')
        .select('material_id')
        .where('key_id', '=', key.key_id)
        .where('origin', '=', 'ON_DEMAND')
        .limit(1)
        .offset(MOST),
      none(() => limitExceeded(`${keyArn(key)} has reached its limit of ${MOST} on-demand rotations.`)),
    ),
  ])
  return { KeyId: keyArn(key) }
}
