import { isEcrHost, parseImageReference } from '../../registries/image-reference.ts'
import { ecrHost, type RepositoryName, repositoryOfPath, repositoryUri } from './repository-name.ts'

/** An image of this server's own registry. */
export interface LocalReference {
  readonly repository: RepositoryName
  /** What an engine on this machine pulls: `127.0.0.1:8770/<account>/<region>/<name>:tag` or `@digest`. */
  readonly reference: string
}

/** Where this server's registry is. */
export interface LocalRegistry {
  /** Host and port that engines reach it under. */
  readonly authority: string
  /** Further `host[:port]`s that stand for it in an image's name, in lower case. */
  readonly aliases: ReadonlySet<string>
}

/**
 * Tells whether an image lies in this server's registry, and how to pull it: one that is named by ECR's host name
 * (`<account>.dkr.ecr.<region>.amazonaws.com/name`), or by a repositoryUri of this server. Undefined for all others.
 */
export function localReference(image: string, registry: LocalRegistry): LocalReference | undefined {
  const parsed = parseImageReference(image)
  if (parsed === undefined) return undefined
  const { host } = parsed
  if (!isEcrHost(host) && host !== registry.authority.toLowerCase() && !registry.aliases.has(host)) {
    const named = ecrHost(host)
    const domain = host.replace(/^\d+\.dkr\.ecr(?:-fips)?\.[^.]+\./, '')
    if (named === undefined || (domain !== registry.authority.toLowerCase() && !registry.aliases.has(domain)))
      return undefined
  }
  const repository = repositoryOfPath(host, parsed.repository)
  if (repository === undefined) return undefined
  const pinned = parsed.digest === undefined ? `:${parsed.tag ?? 'latest'}` : `@${parsed.digest}`
  return { repository, reference: `${repositoryUri(registry.authority, repository)}${pinned}` }
}
