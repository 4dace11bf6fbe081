import { type LookupAddress, lookup } from 'node:dns'
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { AddressJudge } from './reachable-address.ts'

/** What became of a message that was sent. */
export type SendOutcome =
  | { readonly kind: 'delivered' }
  /** Trying again may help. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Trying again would not help. */
  | { readonly kind: 'refused'; readonly reason: string }

export interface Sender {
  /** Why nothing is ever sent there, as far as the URL itself tells; undefined when it may be. */
  refusalOf(url: string): string | undefined
  post(url: string, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<SendOutcome>
  close(): void
}

/** Source: "Amazon SNS message delivery" of HTTP endpoints: they have fifteen seconds to answer. */
const TIMEOUT = 15_000
/** What is read of an answer; nobody looks at it. */
const MOST_ANSWER = 64 * 1024
const FORBIDDEN = 'ERR_FORBIDDEN_ADDRESS'
const GONE = new Set(['ECONNRESET', 'EPIPE'])

class ForbiddenAddress extends Error {
  readonly code = FORBIDDEN
}

/**
 * Sends messages to web servers. The address is judged as the connection is made with it, so that no name can resolve to
 * another one the second time; redirects are not followed; answers are bounded in size and time.
 */
export function createSender(judge: AddressJudge, timeout = TIMEOUT): Sender {
  const guarded: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0)
      const permitted = addresses.filter(({ address }) => judge.permits(address))
      const [first] = permitted
      if (first === undefined) return callback(new ForbiddenAddress('forbidden address'), '', 0)
      if (options.all === true) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }
  const settings = { keepAlive: true, maxSockets: 64, maxFreeSockets: 64, timeout: 30_000 }
  const http = new HttpAgent(settings)
  const https = new HttpsAgent(settings)

  const refusalOf = (url: string): string | undefined => {
    const { hostname } = new URL(url)
    const address = hostname.replace(/^\[|\]$/g, '')
    // Addresses are not looked up, so nothing else judges them.
    return isIP(address) !== 0 && !judge.permits(address) ? unreachable(address) : undefined
  }

  return {
    refusalOf,
    async post(url, headers, body, signal) {
      const refusal = refusalOf(url)
      if (refusal !== undefined) return { kind: 'refused', reason: refusal }
      const target = new URL(url)
      const { username, password } = target
      const authorization =
        username === '' ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeout)])
      const options = {
        method: 'POST',
        headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) },
        lookup: guarded,
        signal: deadline,
        ...authorization,
      }
      const attempt = (): Promise<SendOutcome> =>
        new Promise((resolve) => {
          const sent =
            target.protocol === 'https:'
              ? requestHttps(target, { ...options, agent: https })
              : requestHttp(target, { ...options, agent: http })
          const failed = (error: NodeJS.ErrnoException) => {
            // The server had closed the connection that was kept, which says nothing about this message.
            if (sent.reusedSocket && GONE.has(error.code ?? '') && !deadline.aborted) return resolve(attempt())
            resolve(
              error.code === FORBIDDEN
                ? { kind: 'refused', reason: unreachable(target.hostname) }
                : { kind: 'failed', reason: deadline.aborted ? 'no answer in time' : (error.code ?? error.message) },
            )
          }
          sent.once('error', failed)
          sent.once('response', (response) => {
            void discard(response).then(() => resolve(judgeStatus(response.statusCode ?? 0)), failed)
          })
          sent.end(body)
        })
      return attempt()
    },
    close() {
      http.destroy()
      https.destroy()
    },
  }
}

const unreachable = (host: string): string =>
  `${host} is an address that messages are not sent to; sns.allowedNetworks opens private networks`

/** Reads what the server answers, so that the connection can be used again; one that says too much is closed. */
async function discard(response: IncomingMessage): Promise<void> {
  let size = 0
  for await (const part of response) {
    size += (part as Buffer).length
    if (size > MOST_ANSWER) {
      response.destroy()
      return
    }
  }
}

/** Source: "Amazon SNS dead-letter queues": 4xx but 429 are the client's fault and not tried again. */
function judgeStatus(status: number): SendOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const reason = `HTTP status ${status}`
  return status === 429 || status >= 500 ? { kind: 'failed', reason } : { kind: 'refused', reason }
}
