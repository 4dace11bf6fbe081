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
import { invalidParameter, policyNotFound, repositoryNotFound } from '../errors.ts'
import { namesOf, requireRepository } from '../repositories/repository-store.ts'

export async function setRepositoryPolicy(
  deps: EcrDeps,
  input: SetRepositoryPolicyRequest,
  context: RequestContext,
): Promise<SetRepositoryPolicyResponse> {
  const repository = await requireRepository(deps, context, 'SetRepositoryPolicy', input)
  if (!isPolicyDocument(input.policyText)) throw invalidParameter('PolicyText', 'Invalid repository policy provided')
  await deps.database.commit([
    statement(
      deps.database.query
        .updateTable('ecr_repositories')
        .set({ policy: input.policyText })
        .where('id', '=', repository.id),
      one(() => repositoryNotFound(repository)),
    ),
  ])
  return { ...namesOf(repository), policyText: input.policyText }
}

export async function getRepositoryPolicy(
  deps: EcrDeps,
  input: GetRepositoryPolicyRequest,
  context: RequestContext,
): Promise<GetRepositoryPolicyResponse> {
  const repository = await requireRepository(deps, context, 'GetRepositoryPolicy', input)
  if (repository.policy === null) throw policyNotFound(repository)
  return { ...namesOf(repository), policyText: repository.policy }
}

export async function deleteRepositoryPolicy(
  deps: EcrDeps,
  input: DeleteRepositoryPolicyRequest,
  context: RequestContext,
): Promise<DeleteRepositoryPolicyResponse> {
  const repository = await requireRepository(deps, context, 'DeleteRepositoryPolicy', input)
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
  ])
  return { ...namesOf(repository), policyText: repository.policy }
}

function isPolicyDocument(text: string): boolean {
  try {
    const document: unknown = JSON.parse(text)
    return typeof document === 'object' && document !== null && 'Statement' in document
  } catch {
    return false
  }
}
