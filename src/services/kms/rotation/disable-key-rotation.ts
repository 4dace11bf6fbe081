import type { DisableKeyRotationRequest } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import { requireEnabled } from '../keys/key-state.ts'
import { updateKey } from '../keys/key-store.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'

export async function disableKeyRotation(
  deps: KmsDeps,
  input: DisableKeyRotationRequest,
  context: RequestContext,
): Promise<undefined> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:DisableKeyRotation' })
  requireEnabled(key)
  await deps.database.commit([
    updateKey(deps.database, key, ['Enabled'], { rotation_days: null, next_rotation_at: null }),
  ])
  return undefined
}
