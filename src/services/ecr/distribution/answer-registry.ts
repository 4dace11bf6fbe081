import { rootPrincipal } from '../../../access/principals.ts'
import { StorageFullError, StorageUnavailableError } from '../../../storage/errors.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { LINK_PARAMETER } from '../authorization/download-link.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { deleteBlob, followLink, getBlob, headBlob } from './blobs.ts'
import { listReferrers, listTags } from './discovery.ts'
import { asFault, faultAnswer, RegistryFault } from './fault.ts'
import { identify, unauthorized } from './identify.ts'
import { deleteManifest, getManifest, putManifestRequest } from './manifests.ts'
import { headerOf, type RegistryAnswer, type RegistryRequest } from './registry-request.ts'
import type { RepositoryCall } from './repository-call.ts'
import { parseRoute, type Route } from './route.ts'
import { deleteUpload, getUpload, patchUpload, postUpload, putUpload } from './uploads.ts'

export interface RegistryDeps extends EcrDeps {
  /** Whether a caller without a login acts as the owner of what is asked for (`--auth trust`). */
  readonly trusting: boolean
  readonly log: Logger
}

/** Answers a request to the registry. */
export type ImageRegistry = (request: RegistryRequest) => Promise<RegistryAnswer>

type Handler = (call: RepositoryCall) => Promise<RegistryAnswer>

const HANDLERS: Readonly<Record<Exclude<Route['kind'], 'base'>, Readonly<Record<string, Handler>>>> = {
  tags: { GET: listTags, HEAD: listTags },
  referrers: { GET: listReferrers, HEAD: listReferrers },
  manifest: { GET: getManifest, HEAD: getManifest, PUT: putManifestRequest, DELETE: deleteManifest },
  blob: { GET: getBlob, HEAD: headBlob, DELETE: deleteBlob },
  uploads: { POST: postUpload },
  upload: { GET: getUpload, PATCH: patchUpload, PUT: putUpload, DELETE: deleteUpload },
}

const COMMON = { 'Docker-Distribution-Api-Version': 'registry/2.0' }

/**
 * The HTTP API of the OCI distribution specification, over the repositories of all accounts. Rejects only with what
 * broke the connection; everything else is an answer.
 */
export const createImageRegistry =
  (deps: RegistryDeps): ImageRegistry =>
  async (request) => {
    try {
      const answer = await serve(deps, request)
      return { ...answer, headers: { ...COMMON, ...answer.headers } }
    } catch (error) {
      return refusal(deps, request, error)
    }
  }

async function serve(deps: RegistryDeps, request: RegistryRequest): Promise<RegistryAnswer> {
  const caller = await identify(deps, request)
  const anonymous = () => unauthorized(request, 'Log in with the token of GetAuthorizationToken')
  if (caller === undefined && !deps.trusting && !request.query.includes(`${LINK_PARAMETER}=`)) throw anonymous()
  const route = parseRoute(headerOf(request, 'host') ?? '', request.path === '/v2' ? '/v2/' : request.path)
  if (route.kind === 'base') {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed(['GET', 'HEAD'])
    return { status: 200, headers: { 'Content-Type': 'application/json' }, body: '{}' }
  }
  const { repository, path } = route
  const reference = 'reference' in route ? route.reference : ''
  if (route.kind === 'blob' && request.method === 'GET') {
    const linked = await followLink(deps, request, repository, reference)
    if (linked !== undefined) return linked
  }
  const principal = caller ?? (deps.trusting ? rootPrincipal(repository.account) : undefined)
  if (principal === undefined) throw anonymous()
  const methods = HANDLERS[route.kind]
  const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
  if (handler === undefined) throw methodNotAllowed(Object.keys(methods))
  return handler({ deps, request, principal, repository, path, reference })
}

const methodNotAllowed = (methods: readonly string[]): RegistryFault =>
  new RegistryFault(405, 'UNSUPPORTED', 'The path does not take the method', { Allow: methods.join(', ') })

function refusal(deps: RegistryDeps, request: RegistryRequest, error: unknown): RegistryAnswer {
  const fault = asFault(error)
  if (fault !== undefined) return faultAnswer(fault.status, fault.code, fault.message, { ...COMMON, ...fault.headers })
  if (request.signal.aborted || (error as Error).name === 'BodyAbortedError') throw error
  if ((error as Error).name === 'BodyTooSlowError')
    return faultAnswer(408, 'UNKNOWN', 'The body of the request did not arrive in time.', COMMON)
  if (error instanceof StorageFullError)
    return faultAnswer(507, 'UNKNOWN', "There is no space left on the server's disk; nothing was changed.", COMMON)
  deps.log.error({ err: error, method: request.method, path: request.path }, 'a request to the registry failed')
  const status = error instanceof StorageUnavailableError ? 503 : 500
  return faultAnswer(status, 'UNKNOWN', 'The registry could not do this. Try again.', COMMON)
}
