import { createSecureContext, getCACertificates } from 'node:tls'
import { Agent, type Dispatcher, request } from 'undici'
import { wait } from '../shared/wait.ts'
import { isLoopbackName, judgeUrl } from './address-policy.ts'
import { guardedLookup } from './guarded-lookup.ts'
import { type Hosts, settingsFor } from './host-settings.ts'
import { forbiddenAddress, networkError } from './network-error.ts'
import { RegistryError } from './registry-error.ts'
import { retryDelay } from './retry.ts'

export interface TransportOptions {
  readonly hosts: Hosts
  /** Certificate authorities (PEM) trusted for every host, besides the public ones. */
  readonly extraCa?: string
  readonly connectMilliseconds: number
  /** Longest silence, before the head of an answer or within its body. */
  readonly idleMilliseconds: number
  /** Longest Retry-After that is waited for; a longer one fails at once. */
  readonly longestRetryMilliseconds: number
}

export interface TransportRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Makes it a POST of a form. */
  readonly form?: URLSearchParams
  /** Longest body that is read. */
  readonly maximumBytes: number
  /** The registry (host[:port]) on whose behalf this is sent; settles what may be reached and who is trusted. */
  readonly registry: string
  readonly signal: AbortSignal
}

export interface TransportResponse {
  readonly status: number
  readonly headers: Dispatcher.ResponseData['headers']
  /** Whole for a success; possibly cut for an error status. */
  readonly body: Buffer
  /** Whether another origin gave the answer, so that its 401 is no challenge for the registry's login. */
  readonly redirected: boolean
}

export interface Transport {
  /** Sends, follows redirects, waits out 429 and passing failures a few times. Throws RegistryError. */
  send(request: TransportRequest): Promise<TransportResponse>
  close(): Promise<void>
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])
const MAXIMUM_REDIRECTS = 5

/** HTTP as registries need it: bounded, guarded against servers that point elsewhere, and careful with credentials. */
export function createTransport(options: TransportOptions): Transport {
  const agents = new Map<string, Agent>()

  const mayReachLoopback = (registry: string, target: string): boolean =>
    target === registry || isLoopbackName(hostnameOf(registry)) || settingsFor(options.hosts, target) !== undefined

  /** One agent for each set of trusted authorities; few, since only the configuration adds any. */
  function agentFor(registry: string, target: string): Agent {
    const allowLoopback = mayReachLoopback(registry, target)
    const authorities = [registry, target].flatMap((host) => settingsFor(options.hosts, host)?.extraCa ?? [])
    if (options.extraCa !== undefined) authorities.push(options.extraCa)
    const key = JSON.stringify([allowLoopback, ...authorities])
    let agent = agents.get(key)
    if (agent === undefined) {
      const trusted = authorities.length === 0 ? undefined : [...getCACertificates('default'), ...authorities]
      agent = new Agent({
        connect: {
          timeout: options.connectMilliseconds,
          lookup: guardedLookup(allowLoopback),
          ...(trusted !== undefined && { secureContext: createSecureContext({ ca: trusted }) }),
        },
        headersTimeout: options.idleMilliseconds,
        bodyTimeout: options.idleMilliseconds,
      })
      agents.set(key, agent)
    }
    return agent
  }

  function permit(url: URL, registry: string): void {
    const verdict = judgeUrl(url, {
      plainHttp: (host) => settingsFor(options.hosts, host)?.plainHttp === true,
      allowLoopback: mayReachLoopback(registry, url.host),
    })
    if (verdict === 'forbidden-address') throw forbiddenAddress(url.host)
    if (verdict === 'not-http') throw new RegistryError('protocol', url.host, `${registry} points to no web address.`)
    if (verdict === 'plain-http') {
      const message = `${registry} wants to be reached by plain http at ${url.host}, which the configuration does not allow.`
      throw new RegistryError('plain-http', url.host, message)
    }
  }

  /** One exchange without redirects. */
  async function exchange(url: URL, headers: Record<string, string>, message: TransportRequest) {
    permit(url, message.registry)
    try {
      const response = await request(url, {
        method: message.form === undefined ? 'GET' : 'POST',
        headers: { 'accept-encoding': 'identity', 'user-agent': 'slipway', ...headers },
        body: message.form?.toString() ?? null,
        dispatcher: agentFor(message.registry, url.host),
        signal: message.signal,
      })
      return { ...response, body: await readBody(response, message.maximumBytes, url.host) }
    } catch (error) {
      message.signal.throwIfAborted()
      throw error instanceof RegistryError ? error : networkError(error, url.host)
    }
  }

  async function follow(message: TransportRequest): Promise<TransportResponse> {
    let { url } = message
    const headers = { ...message.headers }
    if (message.form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded'
    for (let hop = 0; hop <= MAXIMUM_REDIRECTS; hop += 1) {
      const { statusCode: status, headers: answered, body } = await exchange(url, headers, message)
      const { location } = answered
      // A form holds the password: nobody else gets it.
      if (!REDIRECTS.has(status) || typeof location !== 'string' || message.form !== undefined) {
        return { status, headers: answered, body, redirected: url.origin !== message.url.origin }
      }
      const next = URL.parse(location, url.href)
      if (next === null) throw new RegistryError('protocol', url.host, `${url.host} redirects to an invalid address.`)
      if (next.origin !== url.origin) delete headers.authorization
      url = next
    }
    throw new RegistryError('protocol', url.host, `${message.registry} redirects too often.`)
  }

  async function send(message: TransportRequest): Promise<TransportResponse> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await follow(message)
        const delay = retryDelay({ attempt, response, longest: options.longestRetryMilliseconds })
        if (delay === undefined) return response
        await wait(delay, message.signal)
      } catch (error) {
        const delay = retryDelay({ attempt, error, longest: options.longestRetryMilliseconds })
        if (delay === undefined) throw error
        await wait(delay, message.signal)
      }
    }
  }

  return {
    send,
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()))
      agents.clear()
    },
  }
}

const hostnameOf = (host: string): string => URL.parse(`https://${host}`)?.hostname ?? host

async function readBody(response: Dispatcher.ResponseData, maximum: number, host: string): Promise<Buffer> {
  const { body, statusCode } = response
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maximum) {
      body.destroy()
      if (statusCode >= 400) break
      throw new RegistryError('protocol', host, `${host} sent an answer of more than ${maximum} bytes.`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
