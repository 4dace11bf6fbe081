import type { Principal } from '../../../access/principal.ts'
import type { RepositoryRow } from '../../../storage/schema/ecr.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { repositoryNotFound } from '../errors.ts'
import { findRepository } from '../repositories/repository-store.ts'
import type { RepositoryName } from '../repository-name.ts'
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

/** The repository, for a caller who may do all this with it. Actions without `ecr:` in front. */
export async function open(call: RepositoryCall, ...actions: readonly string[]): Promise<RepositoryRow> {
  const { deps, principal, repository } = call
  for (const action of actions) await deps.access.admit(principal, action, repository)
  const row = await findRepository(deps.database, repository)
  if (row === undefined) throw repositoryNotFound(repository)
  return row
}
