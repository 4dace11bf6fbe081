import { parseImageReference } from '../../registries/image-reference.ts'
import { sealLogin, TOKEN_MILLISECONDS, USER_NAME } from './authorization/authorization-token.ts'
import type { EcrDeps } from './ecr-deps.ts'
import type { EcrFacade } from './facade.ts'
import { imageLabels } from './images/image-labels.ts'
import { type LocalRegistry, localReference } from './local-reference.ts'
import { findRepository } from './repositories/repository-store.ts'

/** @param registry where engines and images' names find this server's registry */
export const createEcrFacade = (
  deps: Pick<EcrDeps, 'database' | 'blobs' | 'box' | 'clock'>,
  registry: LocalRegistry,
): EcrFacade => ({
  locate: (image) => localReference(image, registry),
  hasRepository: async (repository) => (await findRepository(deps.database, repository)) !== undefined,
  labels: async ({ repository, reference }) => {
    const { tag, digest } = parseImageReference(reference) ?? {}
    return imageLabels(deps, repository, { tag: digest === undefined ? (tag ?? 'latest') : undefined, digest })
  },
  login: (principal) => ({
    username: USER_NAME,
    password: sealLogin(deps.box, { principal, expiration: deps.clock.now() + TOKEN_MILLISECONDS }),
  }),
})
