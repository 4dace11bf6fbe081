import { compilePolicy } from '../policy/compiled-policy.ts'
import type { AccessRequest, ApplicablePolicies, AttachedPolicy } from './access-request.ts'
import { evaluate } from './evaluate.ts'
import { type Remedy, remedyFor } from './explain.ts'

/** Statements that together would allow a denied request, one a kind of policy. */
export interface Remedies {
  readonly remedies: readonly Remedy[]
  /** Why they would not be enough, or are none: a statement denies, or the resource's kind knows no policies. */
  readonly obstacle?: 'denied' | 'no-resource-policies'
}

/** At most one for each kind: resource, identity, boundary, session. */
const MOST = 4

/**
 * What all would have to be allowed, found out by putting one statement after the other where it belongs and deciding
 * again. Between accounts it takes two at least.
 */
export function remediesFor(request: AccessRequest, policies: ApplicablePolicies): Remedies {
  const remedies: Remedy[] = []
  let amended = policies
  while (remedies.length < MOST) {
    const decision = evaluate(request, amended)
    if (decision.allowed) return { remedies }
    const remedy = remedyFor(request, decision)
    if (remedy === undefined) return { remedies, obstacle: 'denied' }
    const isOfResource = remedy.policyType === 'resource' || remedy.policyType === 'trust'
    if (isOfResource && policies.resource === undefined) return { remedies, obstacle: 'no-resource-policies' }
    remedies.push(remedy)
    amended = withRemedy(amended, remedy)
  }
  return { remedies }
}

function withRemedy(policies: ApplicablePolicies, { policyType, statement }: Remedy): ApplicablePolicies {
  const added: AttachedPolicy = {
    source: { id: 'remedy', type: 'none' },
    policy: compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: [statement] })),
  }
  switch (policyType) {
    case 'identity':
      return { ...policies, identity: [...policies.identity, added] }
    case 'boundary':
      // Nothing in the boundary denies, or this would not be what is missing; so what it says may be left out.
      return { ...policies, boundary: added }
    case 'session':
      return { ...policies, session: [...(policies.session ?? []), added] }
    default: {
      const { resource } = policies
      if (resource === undefined) return policies
      return { ...policies, resource: { ...resource, policies: [...resource.policies, added] } }
    }
  }
}
