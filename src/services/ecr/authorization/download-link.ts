import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { RepositoryName } from '../repository-name.ts'

/** How long a link to a layer can be followed. */
export const LINK_MILLISECONDS = 60 * 60 * 1000
/** The query parameter that carries the seal. */
export const LINK_PARAMETER = 'download'

const CONTEXT = 'ecr-download/1'

interface Link {
  readonly path: string
  /** Epoch milliseconds. */
  readonly expiration: number
}

const pathOf = ({ account, region, name }: RepositoryName, digest: string): string =>
  `${account}/${region}/${name}@${digest}`

/** Leave to read one layer of one repository, for whoever holds it. */
export const sealLink = (box: SealedBox, repository: RepositoryName, digest: string, expiration: number): string =>
  box.seal(JSON.stringify({ path: pathOf(repository, digest), expiration } satisfies Link), CONTEXT)

/** Whether the seal is leave to read this layer now. */
export function opensLink(
  box: SealedBox,
  seal: string,
  repository: RepositoryName,
  digest: string,
  now: number,
): boolean {
  const text = box.unseal(seal, CONTEXT)
  if (text === undefined) return false
  const link = JSON.parse(text) as Link
  return link.path === pathOf(repository, digest) && link.expiration > now
}
