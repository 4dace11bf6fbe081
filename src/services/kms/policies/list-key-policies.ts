import type { ListKeyPoliciesRequest, ListKeyPoliciesResponse } from '../../../model/generated/kms.ts'
import type { RequestContext } from '../../operation.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { pageRequest } from '../paging.ts'
import { POLICY_NAME } from './key-policy.ts'

/** Every key has one policy, always by the same name. */
export async function listKeyPolicies(
  deps: KmsDeps,
  input: ListKeyPoliciesRequest,
  context: RequestContext,
): Promise<ListKeyPoliciesResponse> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:ListKeyPolicies' })
  const { after } = pageRequest(['policies', key.key_id], input, { usual: 100, most: 1_000 })
  return { PolicyNames: after === undefined ? [POLICY_NAME] : [], Truncated: false }
}
