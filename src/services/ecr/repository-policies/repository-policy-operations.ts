import type {
  DeleteRepositoryPolicyRequest,
  DeleteRepositoryPolicyResponse,
  GetRepositoryPolicyRequest,
  GetRepositoryPolicyResponse,
  SetRepositoryPolicyRequest,
  SetRepositoryPolicyResponse,
} from '../../../model/generated/ecr.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { policyNotFound, repositoryNotFound } from '../errors.ts'
import { namesOf, requireRepository } from '../repositories/repository-store.ts'
import { repositoryChanged } from '../resource-directory.ts'
import { requireRepositoryPolicy } from './repository-policy.ts'

export async function setRepositoryPolicy(
  deps: EcrDeps,
  input: SetRepositoryPolicyRequest,
  context: RequestContext,
): Promise<SetRepositoryPolicyResponse> {
  const repository = await requireRepository(deps, context, input)
  requireRepositoryPolicy(input, repository, context.principal)
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('ecr_repositories')
        .set({ policy: input.policyText })
        .where('id', '=', repository.id),
      one(() => repositoryNotFound(repository)),
    ),
    repositoryChanged(deps.changeFeed, repository),
  ])
  return { ...namesOf(repository), policyText: input.policyText }
}

export async function getRepositoryPolicy(
  deps: EcrDeps,
  input: GetRepositoryPolicyRequest,
  context: RequestContext,
): Promise<GetRepositoryPolicyResponse> {
  const repository = await requireRepository(deps, context, input)
  if (repository.policy === null) throw policyNotFound(repository)
  return { ...namesOf(repository), policyText: repository.policy }
}

export async function deleteRepositoryPolicy(
  deps: EcrDeps,
  input: DeleteRepositoryPolicyRequest,
  context: RequestContext,
): Promise<DeleteRepositoryPolicyResponse> {
  const repository = await requireRepository(deps, context, input)
  if (repository.policy === null) throw policyNotFound(repository)
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('ecr_repositories')
        .set({ policy: null })
        .where('id', '=', repository.id)
        .where('policy', 'is not', null),
      one(() => policyNotFound(repository)),
    ),
    repositoryChanged(deps.changeFeed, repository),
  ])
  return { ...namesOf(repository), policyText: repository.policy }
}
