import { checkPolicy } from './policy/check-policy.ts'
import { policySize } from './policy/policy-kind.ts'

/** Characters of a document that count against a quota of IAM: white space does not. */
export const documentSize = (text: string): number => policySize('managed-policy', text)

/**
 * Says in IAM's words what is wrong with a document, or undefined when nothing is. `identity`: a policy of a user or
 * role, which names resources and no principal; `trust`: the policy of a role on who may assume it.
 */
export const checkPolicyDocument = (text: string, kind: 'identity' | 'trust'): string | undefined =>
  checkPolicy(text, kind)?.message
