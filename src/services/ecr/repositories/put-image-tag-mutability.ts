import type { PutImageTagMutabilityRequest, PutImageTagMutabilityResponse } from '../../../model/generated/ecr.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotFound } from '../errors.ts'
import { namesOf, requireRepository, toMutability } from './repository-store.ts'
import { mutabilityColumns } from './tag-mutability.ts'

export async function putImageTagMutability(
  deps: EcrDeps,
  input: PutImageTagMutabilityRequest,
  context: RequestContext,
): Promise<PutImageTagMutabilityResponse> {
  const repository = await requireRepository(deps, context, input)
  const columns = mutabilityColumns(input.imageTagMutability, input.imageTagMutabilityExclusionFilters)
  await deps.database.commit([
    statement(
      deps.database.query.updateTable('ecr_repositories').set(columns).where('id', '=', repository.id),
      one(() => repositoryNotFound(repository)),
    ),
  ])
  return { ...namesOf(repository), ...toMutability({ ...repository, ...columns }) }
}
