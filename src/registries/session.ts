import { isLoopbackName } from './address-policy.ts'
import { type Challenge, chooseChallenge, parseChallenges } from './challenge.ts'
import { type Hosts, settingsFor } from './host-settings.ts'
import { apiHost, type ImageReference } from './image-reference.ts'
import { RegistryError } from './registry-error.ts'
import { basicAuthorization, type Credentials, type TokenSource } from './token.ts'
import type { Transport, TransportResponse } from './transport.ts'

export interface SessionOptions {
  readonly image: ImageReference
  readonly credentials: Credentials | undefined
  readonly transport: Transport
  readonly tokens: TokenSource
  readonly hosts: Hosts
  readonly signal: AbortSignal
}

export interface Session {
  /** GET below `/v2/<repository>/`, logged in. Throws RegistryError for anything but 200. */
  get(path: string, accept: string, maximumBytes: number): Promise<TransportResponse>
}

const MAXIMUM_ERROR_BYTES = 64 * 1024
/** The codes of the protocol; others are not repeated, since an error text must hold nothing a server made up. */
const ERROR_CODE = /^[A-Z][A-Z_]{1,63}$/

/** Finds out how the registry is spoken to (`GET /v2/`) and returns what fetches one repository's things from it. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { image, credentials, transport, tokens, signal } = options
  const host = apiHost(image)
  const common = { registry: host, signal }
  const { base, response } = await ping(options, host)
  let challenge = response.status === 401 ? offered(response) : undefined
  if (response.status === 401 && challenge === undefined) throw noChallenge(host)

  /** The Authorization for the known challenge; undefined when none is asked for. */
  async function authorize(asked: Challenge | undefined, renew: boolean) {
    if (asked === undefined) return undefined
    if (asked.scheme === 'bearer') {
      const scope = `repository:${image.repository}:pull`
      const token = await tokens.token({ challenge: asked, scope, credentials, ...common }, renew)
      return { header: `Bearer ${token.value}`, renewable: token.cached }
    }
    if (credentials === undefined) throw loginNeeded(host)
    return { header: basicAuthorization(credentials), renewable: false }
  }

  async function get(path: string, accept: string, maximumBytes: number): Promise<TransportResponse> {
    const url = new URL(`/v2/${image.repository}/${path}`, base)
    const attempt = (authorization: string | undefined) => {
      const headers = { accept, ...(authorization !== undefined && { authorization }) }
      return transport.send({ url, headers, maximumBytes, ...common })
    }
    let authorization = await authorize(challenge, false)
    let answer = await attempt(authorization?.header)
    if (answer.status === 401 && !answer.redirected) {
      // Either the token has run out, or this repository asks for a login that `/v2/` did not ask for.
      const next = offered(answer) ?? challenge
      if (next === undefined) throw noChallenge(host)
      if (authorization === undefined || authorization.renewable || next.scheme !== challenge?.scheme) {
        challenge = next
        authorization = await authorize(next, true)
        answer = await attempt(authorization?.header)
      }
    }
    if (answer.status !== 200) throw refused(answer, options, host, challenge)
    return answer
  }

  return { get }
}

/** Loopback may speak either; TLS is tried first, so that a login never crosses a plain connection needlessly. */
async function ping(options: SessionOptions, host: string): Promise<{ base: URL; response: TransportResponse }> {
  const { transport, signal, hosts } = options
  const send = async (base: URL) => {
    const response = await transport.send({
      url: new URL('/v2/', base),
      headers: {},
      maximumBytes: MAXIMUM_ERROR_BYTES,
      registry: host,
      signal,
    })
    if (response.status === 200 || response.status === 401) return { base, response }
    throw pingRefused(response.status, host)
  }
  const parse = (scheme: string): URL => {
    const url = URL.parse(`${scheme}://${host}/`)
    if (url === null) throw new RegistryError('invalid-reference', host, `${host} is no valid registry host.`)
    return url
  }
  if (settingsFor(hosts, host)?.plainHttp === true) return send(parse('http'))
  const base = parse('https')
  try {
    return await send(base)
  } catch (error) {
    const noTls = error instanceof RegistryError && error.reason === 'plain-http' && error.host === base.host
    if (!noTls) throw error
    if (isLoopbackName(base.hostname)) return send(parse('http'))
    const message = `The registry ${host} does not speak TLS. Plain http must be allowed for it in the configuration.`
    throw new RegistryError('plain-http', host, message, error)
  }
}

function pingRefused(status: number, host: string): RegistryError {
  if (status === 403) return new RegistryError('denied', host, `The registry ${host} denied access.`)
  if (status === 429) return new RegistryError('rate-limited', host, `${host} limits the rate of requests.`)
  if (status >= 500) return new RegistryError('server-error', host, `The registry ${host} answered ${status}.`)
  return new RegistryError('not-a-registry', host, `${host} is no Docker Registry V2 (GET /v2/ answered ${status}).`)
}

const offered = (response: TransportResponse): Challenge | undefined => {
  const values = response.headers['www-authenticate'] ?? []
  return chooseChallenge(parseChallenges(typeof values === 'string' ? [values] : values))
}

const noChallenge = (host: string): RegistryError =>
  new RegistryError('protocol', host, `The registry ${host} demands a login without saying which.`)

const loginNeeded = (host: string): RegistryError =>
  new RegistryError('unauthorized', host, `The registry ${host} demands a login, and no credentials were given.`)

function refused(
  answer: TransportResponse,
  { image, credentials }: SessionOptions,
  host: string,
  challenge: Challenge | undefined,
): RegistryError {
  const { status } = answer
  const codes = errorCodes(answer.body)
  const said = codes.length === 0 ? '' : ` (${codes.join(', ')})`
  if (status === 401 && !answer.redirected) {
    if (credentials === undefined) return loginNeeded(host)
    // A token server that accepts the login and grants nothing leaves it to the registry to say no.
    if (challenge?.scheme !== 'bearer') {
      return new RegistryError('unauthorized', host, `Authentication failed for ${host}: wrong user name or password.`)
    }
  }
  if (status === 401 || status === 403) {
    return new RegistryError('denied', host, `The registry ${host} denied access to ${image.repository}${said}.`)
  }
  if (status === 404) {
    return new RegistryError('not-found', host, `The registry ${host} has no such image or tag${said}.`)
  }
  if (status === 429) return new RegistryError('rate-limited', host, `${host} limits the rate of requests.`)
  if (status >= 500) return new RegistryError('server-error', host, `The registry ${host} answered ${status}${said}.`)
  return new RegistryError('protocol', host, `The registry ${host} answered ${status}${said}.`)
}

function errorCodes(body: Uint8Array): string[] {
  try {
    const json = JSON.parse(new TextDecoder().decode(body)) as { errors?: { code?: unknown }[] } | null
    const codes = Array.isArray(json?.errors) ? json.errors.map((error) => error?.code) : []
    return codes.filter((code) => typeof code === 'string' && ERROR_CODE.test(code)).slice(0, 3) as string[]
  } catch {
    return []
  }
}
