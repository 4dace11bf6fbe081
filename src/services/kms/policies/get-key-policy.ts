import type { GetKeyPolicyRequest, GetKeyPolicyResponse } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import { noSuchPolicy } from '../errors.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { POLICY_NAME } from './key-policy.ts'

export async function getKeyPolicy(
  deps: KmsDeps,
  input: GetKeyPolicyRequest,
  context: RequestContext,
): Promise<GetKeyPolicyResponse> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:GetKeyPolicy' })
  if ((input.PolicyName ?? POLICY_NAME) !== POLICY_NAME) throw noSuchPolicy()
  return { Policy: key.policy, PolicyName: POLICY_NAME }
}
