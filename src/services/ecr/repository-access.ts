import type { Principal } from '../../access/principal.ts'
import { accessDenied } from './errors.ts'
import { type RepositoryName, repositoryArn } from './repository-name.ts'

/** Decides who may do what with a repository, whether it exists or not. */
export interface RepositoryAccess {
  /**
   * @param action without `ecr:` in front
   * @throws AccessDeniedException
   */
  admit(principal: Principal, action: string, repository: RepositoryName): void | Promise<void>
}

/** An account's repositories are its own: everybody else is denied. */
export const ownAccountOnly: RepositoryAccess = {
  admit(principal, action, repository) {
    if (principal.kind !== 'anonymous' && principal.account === repository.account) return
    throw accessDenied(principal, action, repositoryArn(repository))
  },
}
