import type { GetKeyRotationStatusRequest, GetKeyRotationStatusResponse } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import { keyArn } from '../keys/key-reference.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'

/** A key that waits for its deletion is not rotated, whatever it was set to. */
export async function getKeyRotationStatus(
  deps: KmsDeps,
  input: GetKeyRotationStatusRequest,
  context: RequestContext,
): Promise<GetKeyRotationStatusResponse> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:GetKeyRotationStatus' })
  const KeyId = keyArn(key)
  if (key.rotation_days === null || key.state === 'PendingDeletion') return { KeyId, KeyRotationEnabled: false }
  return {
    KeyId,
    KeyRotationEnabled: true,
    RotationPeriodInDays: key.rotation_days,
    NextRotationDate: key.next_rotation_at ?? undefined,
  }
}
