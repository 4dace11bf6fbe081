import { contextKeysOf } from '../../../access/policy/compiled-policy.ts'
import type {
  GetContextKeysForCustomPolicyRequest,
  GetContextKeysForPolicyResponse,
  GetContextKeysForPrincipalPolicyRequest,
} from '../../../model/generated/iam.ts'
import type { IamDeps } from '../iam-deps.ts'
import { givenPolicies } from './policy-input.ts'
import { findSource } from './policy-source.ts'

/** The condition keys that policies look at: what a simulation may have to be given. */
export const getContextKeysForCustomPolicy = async (
  input: GetContextKeysForCustomPolicyRequest,
): Promise<GetContextKeysForPolicyResponse> => ({
  ContextKeyNames: contextKeysOf(givenPolicies(input.PolicyInputList, 'PolicyInputList').map(({ policy }) => policy)),
})

export async function getContextKeysForPrincipalPolicy(
  deps: IamDeps,
  input: GetContextKeysForPrincipalPolicyRequest,
): Promise<GetContextKeysForPolicyResponse> {
  const { own } = await findSource(deps, input.PolicySourceArn)
  const all = [...own.identity, ...givenPolicies(input.PolicyInputList, 'PolicyInputList')]
  return { ContextKeyNames: contextKeysOf(all.map(({ policy }) => policy)) }
}
