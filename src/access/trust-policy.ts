import type { ResourcePolicies } from './evaluation/access-request.ts'
import type { Decision } from './evaluation/decision.ts'
import { evaluate } from './evaluation/evaluate.ts'
import type { ContextValue } from './policy/context-values.ts'
import { createPolicyCache } from './policy/policy-cache.ts'
import type { Principal } from './principal.ts'
import { servicePrincipal } from './principals.ts'

/** Who wants to assume a role, and what is known about it. */
export interface AssumeRequest {
  /** An identity of an account, or the DNS name of a service. */
  readonly caller: Principal | { readonly service: string }
  /** Values of condition keys, such as `sts:ExternalId`; keys in lower case. */
  readonly conditions: Readonly<Record<string, string | undefined>>
}

const cache = createPolicyCache(1024 * 1024)

/** What a role has to say about who takes it; undefined stands for a role that does not exist, which nobody may take. */
export const trustSide = (roleArn: string, trustPolicy: string | undefined): ResourcePolicies => ({
  policies:
    trustPolicy === undefined
      ? []
      : [{ source: { id: roleArn, type: 'resource' }, policy: cache.compile(trustPolicy) }],
  rule: 'trust',
})

/**
 * Whether a role's trust policy lets the caller assume the role: some statement allows it and none denies it. This is
 * the role's side alone; whether the caller's own policies allow it is for `evaluate` with both. What cannot be decided
 * decides against the caller.
 */
export function admits(trustPolicy: string, { caller, conditions }: AssumeRequest): boolean {
  const context = new Map<string, ContextValue>()
  for (const [key, value] of Object.entries(conditions)) if (value !== undefined) context.set(key, value)
  const decision: Decision = evaluate(
    {
      principal: 'service' in caller ? servicePrincipal(caller.service) : caller,
      action: 'sts:AssumeRole',
      resource: '*',
      resourceAccount: '',
      context,
    },
    { identity: [], resource: trustSide('trust policy', trustPolicy) },
  )
  // Where the account is named, the caller's own policies have the last word, and they are not asked here.
  return decision.allowed || (!decision.explicit && decision.policyType === 'identity')
}
