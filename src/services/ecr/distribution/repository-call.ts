import type { Principal } from '../../../access/principal.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import type { AccessQuestion } from '../../authorizer.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotFound } from '../errors.ts'
import { findRepository } from '../repositories/repository-store.ts'
import { type RepositoryName, repositoryArn } from '../repository-name.ts'
import type { RegistryRequest } from './registry-request.ts'

/** A request about a repository, by somebody who is known. */
export interface RepositoryCall {
  readonly deps: EcrDeps
  readonly request: RegistryRequest
  readonly principal: Principal
  readonly repository: RepositoryName
  /** The repository as the client wrote it. */
  readonly path: string
  /** Tag, digest or upload id; empty where there is none. */
  readonly reference: string
}

/** The caller wants to do this, without `ecr:` in front, with the repository or another. */
export const question = (
  { principal, repository, request }: RepositoryCall,
  action: string,
  { account, region, name }: RepositoryName = repository,
): AccessQuestion => ({
  principal,
  action: `ecr:${action}`,
  resource: repositoryArn({ account, region, name }),
  origin: { ...request.origin, region },
})

/**
 * The repository, for a caller who may do all this with it; who may not is told so before being told whether it exists.
 * Actions without `ecr:` in front.
 */
export async function open(call: RepositoryCall, ...actions: readonly string[]): Promise<RepositoryRow> {
  const { deps, repository } = call
  for (const action of actions) await deps.authorizer.require(question(call, action))
  const row = await findRepository(deps.database, repository)
  if (row === undefined) throw repositoryNotFound(repository)
  return row
}
