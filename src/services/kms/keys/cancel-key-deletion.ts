import type { CancelKeyDeletionRequest, CancelKeyDeletionResponse } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import { notPendingDeletion } from '../errors.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { keyArn } from './key-reference.ts'
import { updateKey } from './key-store.ts'
import { openKey } from './open-key.ts'

/** The key is disabled afterwards, whatever it was before. */
export async function cancelKeyDeletion(
  deps: KmsDeps,
  input: CancelKeyDeletionRequest,
  context: RequestContext,
): Promise<CancelKeyDeletionResponse> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:CancelKeyDeletion' })
  if (key.state !== 'PendingDeletion') throw notPendingDeletion(keyArn(key))
  await deps.database.commit([
    updateKey(deps.database, key, ['PendingDeletion'], { state: 'Disabled', deletion_at: null }),
  ])
  return { KeyId: keyArn(key) }
}
