import type { AttachedPolicy, PolicySource } from '../../../access/evaluation/access-request.ts'
import { checkPolicy } from '../../../access/policy/check-policy.ts'
import { compilePolicy } from '../../../access/policy/compiled-policy.ts'
import type { PolicyKind } from '../../../access/policy/policy-kind.ts'
import { invalidInput } from '../errors.ts'

/** Policies that a simulation is given, named by where they stand: `PolicyInputList.1`. @throws InvalidInput */
export const givenPolicies = (documents: readonly string[] | undefined, list: string): AttachedPolicy[] =>
  (documents ?? []).map((text, index) => givenPolicy(text, 'identity', { id: `${list}.${index + 1}`, type: 'none' }))

/** @throws InvalidInput */
export function givenPolicy(text: string, kind: PolicyKind, source: PolicySource): AttachedPolicy {
  const fault = checkPolicy(text, kind)
  if (fault !== undefined) throw invalidInput(`Invalid policy in ${source.id}: ${fault.message}`)
  return { source, policy: compilePolicy(text) }
}
