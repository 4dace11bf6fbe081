import type { DisableKeyRequest } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { requireNotPendingDeletion } from './key-state.ts'
import { updateKey } from './key-store.ts'
import { openKey } from './open-key.ts'

export async function disableKey(deps: KmsDeps, input: DisableKeyRequest, context: RequestContext): Promise<undefined> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:DisableKey' })
  requireNotPendingDeletion(key)
  await deps.database.commit([updateKey(deps.database, key, ['Enabled', 'Disabled'], { state: 'Disabled' })])
  return undefined
}
