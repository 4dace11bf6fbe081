import type { EnableKeyRequest } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { enqueueRotation } from '../rotation/rotate-key.ts'
import { requireNotPendingDeletion } from './key-state.ts'
import { updateKey } from './key-store.ts'
import { openKey } from './open-key.ts'

/** A rotation that came due while the key was disabled is made up for. */
export async function enableKey(deps: KmsDeps, input: EnableKeyRequest, context: RequestContext): Promise<undefined> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:EnableKey' })
  requireNotPendingDeletion(key)
  await deps.database.commit([
    updateKey(deps.database, key, ['Enabled', 'Disabled'], { state: 'Enabled' }),
    enqueueRotation(deps, key),
  ])
  return undefined
}
