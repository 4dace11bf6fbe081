import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../shared/clock.ts'
import type { Challenge } from './challenge.ts'
import { RegistryError } from './registry-error.ts'
import type { Transport, TransportResponse } from './transport.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

export interface TokenRequest {
  /** The Bearer challenge; its realm and service say where and for whom. */
  readonly challenge: Challenge
  /** Asked for unless the challenge names a scope. */
  readonly scope: string
  readonly credentials: Credentials | undefined
  readonly registry: string
  readonly signal: AbortSignal
}

/** Access tokens of Bearer registries, kept until shortly before they expire. */
export interface TokenSource {
  /** `renew` asks anew even when a token is at hand: the registry has just refused it. */
  token(request: TokenRequest, renew: boolean): Promise<{ readonly value: string; readonly cached: boolean }>
}

const SHORTEST_LIFE = 60
const LONGEST_LIFE = 12 * 3600
/** A token is not used in its last seconds, so that it does not expire on its way. */
const MARGIN = 10_000
const MAXIMUM_CACHED = 500
const MAXIMUM_BYTES = 1024 * 1024

/** The user name with which `docker login` stores an OAuth2 refresh token in place of a password. */
const IDENTITY_TOKEN_USER = '<token>'

const answer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.coerce.number().optional().catch(undefined),
})

/**
 * Fetches tokens as the registry's token specification says: GET with Basic credentials, and the OAuth2 form by POST
 * for refresh tokens or where a server offers no GET. Cached tokens are found by a keyed hash of the credentials, so
 * that a login is never answered with another login's token and no password is kept.
 */
export function createTokenSource(transport: Transport, clock: Clock): TokenSource {
  const cache = new Map<string, { readonly value: string; readonly expires: number }>()
  const secret = randomBytes(32)

  return {
    async token(request, renew) {
      const { realm, service, scope } = tokenParameters(request)
      const { username, password } = request.credentials ?? {}
      const identity = JSON.stringify([request.registry, realm.href, service, scope, username, password])
      const key = createHmac('sha256', secret).update(identity).digest('base64')
      const known = cache.get(key)
      if (!renew && known !== undefined && known.expires - MARGIN > clock.now()) {
        return { value: known.value, cached: true }
      }
      const response = await fetchToken(transport, request, realm, service, scope)
      const { value, seconds } = readToken(response, realm.host)
      cache.delete(key)
      cache.set(key, { value, expires: clock.now() + seconds * 1000 })
      for (const oldest of cache.keys()) {
        if (cache.size <= MAXIMUM_CACHED) break
        cache.delete(oldest)
      }
      return { value, cached: false }
    },
  }
}

function tokenParameters({ challenge, scope, registry }: TokenRequest) {
  const { realm = '', service, scope: named } = challenge.parameters
  const url = URL.parse(realm)
  if (url === null) {
    throw new RegistryError('protocol', registry, `${registry} names no valid token server.`)
  }
  url.hash = ''
  return { realm: url, service, scope: named === undefined || named === '' ? scope : named }
}

async function fetchToken(
  transport: Transport,
  request: TokenRequest,
  realm: URL,
  service: string | undefined,
  scope: string,
): Promise<TransportResponse> {
  const { credentials, registry, signal } = request
  const shared = { maximumBytes: MAXIMUM_BYTES, registry, signal }
  const isRefreshToken = credentials?.username === IDENTITY_TOKEN_USER

  const get = () => {
    const url = new URL(realm)
    if (service !== undefined) url.searchParams.set('service', service)
    // Several scopes share one challenge parameter, and are parameters of their own in the request.
    for (const one of scope.split(' ').filter((part) => part !== '')) url.searchParams.append('scope', one)
    const headers: Record<string, string> =
      credentials === undefined ? {} : { authorization: basicAuthorization(credentials) }
    return transport.send({ url, headers, ...shared })
  }
  const post = ({ username, password }: Credentials) => {
    const form = new URLSearchParams({ service: service ?? '', scope, client_id: 'slipway' })
    const grant: Record<string, string> = isRefreshToken
      ? { grant_type: 'refresh_token', refresh_token: password }
      : { grant_type: 'password', username, password }
    for (const [name, value] of Object.entries(grant)) form.set(name, value)
    return transport.send({ url: realm, headers: {}, form, ...shared })
  }

  if (credentials === undefined) return get()
  const first = await (isRefreshToken ? post(credentials) : get())
  if (first.status !== 404 && first.status !== 405) return first
  return isRefreshToken ? get() : post(credentials)
}

function readToken({ status, body }: TransportResponse, host: string): { value: string; seconds: number } {
  if (status === 401 || status === 400) {
    throw new RegistryError('unauthorized', host, `Authentication failed for ${host}: wrong user name or password.`)
  }
  if (status === 403) throw new RegistryError('denied', host, `${host} denied a token for this image.`)
  if (status === 429) throw new RegistryError('rate-limited', host, `${host} limits the rate of requests.`)
  if (status >= 500) throw new RegistryError('server-error', host, `The token server ${host} answered ${status}.`)
  const parsed = status === 200 ? answer.safeParse(parseJson(body)) : undefined
  const value = parsed?.data?.token ?? parsed?.data?.access_token ?? ''
  if (!/^[\x21-\x7e]{1,65536}$/.test(value)) {
    throw new RegistryError('protocol', host, `The token server ${host} sent no token (status ${status}).`)
  }
  const seconds = Math.min(LONGEST_LIFE, Math.max(SHORTEST_LIFE, parsed?.data?.expires_in ?? SHORTEST_LIFE))
  return { value, seconds }
}

export const basicAuthorization = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
