import { evaluate } from '../../../access/evaluation/evaluate.ts'
import { checkPolicy } from '../../../access/policy/check-policy.ts'
import { compilePolicy } from '../../../access/policy/compiled-policy.ts'
import { isTooLarge, SIZE_LIMITS } from '../../../access/policy/policy-kind.ts'
import type { Principal } from '../../../access/principal.ts'
import type { SetRepositoryPolicyRequest } from '../../../model/generated/ecr.ts'
import { invalidParameter } from '../errors.ts'
import { type RepositoryName, repositoryArn } from '../repository-name.ts'

/**
 * Refuses a text that is no repository policy, and one that would deny the principal to put another; the latter not with
 * `force`.
 * @throws InvalidParameterException
 */
export function requireRepositoryPolicy(
  { policyText, force = false }: SetRepositoryPolicyRequest,
  repository: RepositoryName,
  principal: Principal,
): void {
  if (isTooLarge('repository', policyText)) {
    throw invalidParameter(
      'PolicyText',
      `Member must have length less than or equal to ${SIZE_LIMITS.repository.maximum}`,
    )
  }
  if (checkPolicy(policyText, 'repository') !== undefined) {
    throw invalidParameter('PolicyText', 'Invalid repository policy provided')
  }
  if (force || !denies(policyText, repository, principal)) return
  throw invalidParameter('PolicyText', 'The policy would prevent you from setting another one. To set it, use force')
}

/** Whether the policy denies the principal the next SetRepositoryPolicy, in a request of which nothing is known. */
function denies(text: string, repository: RepositoryName, principal: Principal): boolean {
  const resource = repositoryArn(repository)
  const request = {
    principal,
    action: 'ecr:SetRepositoryPolicy',
    resource,
    resourceAccount: repository.account,
    context: new Map<string, string>(),
  }
  const policies = [{ source: { id: resource, type: 'resource' as const }, policy: compilePolicy(text) }]
  const decision = evaluate(request, { identity: [], resource: { policies, rule: 'ordinary' } })
  return !decision.allowed && decision.explicit
}
