import { type RepositoryName, repositoryOfPath } from '../repository-name.ts'
import { RegistryFault } from './fault.ts'

/** What a path of the registry's API names. */
export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'tags'; readonly repository: RepositoryName; readonly path: string }
  | { readonly kind: 'uploads'; readonly repository: RepositoryName; readonly path: string }
  | {
      readonly kind: 'manifest' | 'blob' | 'upload' | 'referrers'
      readonly repository: RepositoryName
      /** The repository as the client wrote it, for links in answers. */
      readonly path: string
      /** Tag, digest or upload id. */
      readonly reference: string
    }

const SHAPES: readonly (readonly [pattern: RegExp, kind: Exclude<Route['kind'], 'base'>])[] = [
  [/^(.+)\/blobs\/uploads\/?$/, 'uploads'],
  [/^(.+)\/blobs\/uploads\/([^/]+)$/, 'upload'],
  [/^(.+)\/blobs\/([^/]+)$/, 'blob'],
  [/^(.+)\/manifests\/([^/]+)$/, 'manifest'],
  [/^(.+)\/referrers\/([^/]+)$/, 'referrers'],
  [/^(.+)\/tags\/list$/, 'tags'],
]

/**
 * Reads a path below `/v2`.
 * @throws RegistryFault when it names nothing of the API, or no repository
 */
export function parseRoute(host: string, rawPath: string): Route {
  const path = decoded(rawPath).slice('/v2/'.length)
  if (path === '') return { kind: 'base' }
  for (const [pattern, kind] of SHAPES) {
    const match = pattern.exec(path)
    if (match === null) continue
    const name = match[1] as string
    const repository = repositoryOfPath(host, name)
    if (repository === undefined) throw nameUnknown(name)
    return { kind, repository, path: name, reference: match[2] ?? '' } as Route
  }
  throw new RegistryFault(404, 'UNSUPPORTED', 'The registry has no such path')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw new RegistryFault(400, 'NAME_INVALID', 'The path is not well formed')
  }
}

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/

function nameUnknown(name: string): RegistryFault {
  if (!NAME.test(name)) return new RegistryFault(400, 'NAME_INVALID', 'The name of the repository is not well formed')
  const form = '<account>/<region>/<repository>'
  return new RegistryFault(
    404,
    'NAME_UNKNOWN',
    `There is no repository ${name.slice(0, 256)}; its name has the form ${form}`,
  )
}
