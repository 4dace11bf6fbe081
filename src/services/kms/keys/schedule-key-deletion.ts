import type { ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse } from '../../../model/generated/kms.ts'
import { validationException } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { enqueueDeletion } from './key-deletion.ts'
import { keyArn } from './key-reference.ts'
import { requireNotPendingDeletion } from './key-state.ts'
import { updateKey } from './key-store.ts'
import { openKey } from './open-key.ts'

const DAY = 86_400_000
const SHORTEST = 7
const LONGEST = 30

/** The key can no longer be used from now on, and is deleted with all it has once the waiting period is over. */
export async function scheduleKeyDeletion(
  deps: KmsDeps,
  input: ScheduleKeyDeletionRequest,
  context: RequestContext,
): Promise<ScheduleKeyDeletionResponse> {
  const days = input.PendingWindowInDays ?? LONGEST
  if (days < SHORTEST || days > LONGEST) {
    throw validationException(`PendingWindowInDays should be between ${SHORTEST} and ${LONGEST}, but it is ${days}`)
  }
  const key = await openKey(deps, context, input.KeyId, {
    action: 'kms:ScheduleKeyDeletion',
    conditions: { 'kms:schedulekeydeletionpendingwindowindays': String(days) },
  })
  requireNotPendingDeletion(key)
  const deletionAt = context.now + days * DAY
  await deps.database.commit([
    updateKey(deps.database, key, ['Enabled', 'Disabled'], { state: 'PendingDeletion', deletion_at: deletionAt }),
    enqueueDeletion(deps, key.key_id, deletionAt),
  ])
  return {
    KeyId: keyArn(key),
    DeletionDate: deletionAt,
    KeyState: 'PendingDeletion',
    PendingWindowInDays: days,
  }
}
