import type { PutKeyPolicyRequest } from '../../../model/generated/kms.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { updateKey } from '../keys/key-store.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { POLICY_NAME, requireKeyPolicy } from './key-policy.ts'

/** Replaces the policy, in every state of the key. */
export async function putKeyPolicy(
  deps: KmsDeps,
  input: PutKeyPolicyRequest,
  context: RequestContext,
): Promise<undefined> {
  const { PolicyName = POLICY_NAME, Policy, BypassPolicyLockoutSafetyCheck } = input
  const key = await openKey(deps, context, input.KeyId, {
    action: 'kms:PutKeyPolicy',
    conditions: { 'kms:bypasspolicylockoutsafetycheck': String(BypassPolicyLockoutSafetyCheck ?? false) },
  })
  if (PolicyName !== POLICY_NAME) throw notImplemented(`A key policy by another name than ${POLICY_NAME}`)
  requireKeyPolicy(Policy, key, context.principal, BypassPolicyLockoutSafetyCheck)
  await deps.database.commit([
    updateKey(deps.database, key, ['Enabled', 'Disabled', 'PendingDeletion'], { policy: Policy }),
  ])
  return undefined
}
