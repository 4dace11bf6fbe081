import type { EnableKeyRotationRequest } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import { requireEnabled } from '../keys/key-state.ts'
import { updateKey } from '../keys/key-store.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { DAY, enqueueRotation, YEAR_IN_DAYS } from './rotate-key.ts'

/** The period begins now, also when rotation was on already. */
export async function enableKeyRotation(
  deps: KmsDeps,
  input: EnableKeyRotationRequest,
  context: RequestContext,
): Promise<undefined> {
  const days = input.RotationPeriodInDays ?? YEAR_IN_DAYS
  const key = await openKey(deps, context, input.KeyId, {
    action: 'kms:EnableKeyRotation',
    conditions: { 'kms:rotationperiodindays': String(days) },
  })
  requireEnabled(key)
  const nextRotationAt = context.now + days * DAY
  await deps.database.commit([
    updateKey(deps.database, key, ['Enabled'], { rotation_days: days, next_rotation_at: nextRotationAt }),
    enqueueRotation(deps, { key_id: key.key_id, next_rotation_at: nextRotationAt }),
  ])
  return undefined
}
