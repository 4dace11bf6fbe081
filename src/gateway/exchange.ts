import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { RequestOrigin } from '../services/authorizer.ts'
import type { AnswerStream } from '../services/sagemaker-runtime/answer-stream.ts'
import { requestId } from '../shared/ids.ts'

/** A request's head, whoever has read it, and where its answer goes. */
export interface Call {
  readonly request: {
    /** By lower-case name. */
    readonly headers: IncomingHttpHeaders
    /** Names and values by turns, as sent; undefined when no header was sent twice. */
    readonly rawHeaders?: readonly string[]
  }
  readonly response: AnswerStream
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly now: number
  /** The same moment on the clock of `performance.now()`, for what takes time from it. */
  readonly arrivedAt: number
  readonly method: string
  /** Path and query as sent: what a signature covers. */
  readonly target: string
  /** As sent, without the query. */
  readonly path: string
  /** As sent, without the question mark. */
  readonly query: string
  /** The client's address as the socket says; undefined when the client has gone before its request was read. */
  readonly remoteAddress: string | undefined
}

/** One request on its way through the gateway, with its target taken apart but nothing decoded. */
export interface Exchange extends Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

export function openExchange(request: IncomingMessage, response: ServerResponse, now: number): Exchange {
  const target = originForm(request.url ?? '/')
  const mark = target.indexOf('?')
  return {
    request,
    response,
    requestId: requestId(),
    now,
    arrivedAt: performance.now(),
    method: request.method ?? 'GET',
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    // Asked for now: a socket that is closed has forgotten it, and policies may refuse by it.
    remoteAddress: request.socket.remoteAddress,
  }
}

/** A client that takes the server for a proxy sends the whole URL: `GET http://host/path`. */
const ABSOLUTE = /^https?:\/\/([^/?#]*)/i

function originForm(url: string): string {
  if (url.startsWith('/')) return url
  const found = ABSOLUTE.exec(url)
  if (found === null) return url
  const rest = url.slice(found[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** What is wrong with where the request says it goes, before anybody asks what it wants; undefined when nothing is. */
export function addressProblem({ request, target }: Exchange): string | undefined {
  const { host } = request.headers
  if (host === undefined && request.httpVersion !== '1.0') return 'The request has no Host header.'
  if (!target.startsWith('/')) return 'The target of the request is not a path.'
  const authority = ABSOLUTE.exec(request.url ?? '')?.[1]
  // Two hosts in one request: whoever forwarded it may have looked at the other one.
  if (authority !== undefined && authority.toLowerCase() !== host?.toLowerCase())
    return 'The target of the request and its Host header name different hosts.'
  return undefined
}

const HOST = /^[A-Za-z0-9.:[\]_-]{1,255}$/

/** Scheme, host and port as the client addressed the server. */
export function baseUrl({ request }: Exchange, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
  const { host } = request.headers
  return `http://${host !== undefined && HOST.test(host) ? host : '127.0.0.1'}`
}

/** What policies may ask of a request. `publicUrl` tells whether clients come by way of TLS, which ends in front of us. */
export const requestOrigin = (exchange: Call, region: string, publicUrl: string | undefined): RequestOrigin => ({
  requestId: exchange.requestId,
  now: exchange.now,
  region,
  sourceIp: plainAddress(exchange.remoteAddress),
  secureTransport: publicUrl?.startsWith('https:') ?? false,
  userAgent: exchange.request.headers['user-agent'],
})

const IPV4_IN_IPV6 = /^::ffff:(?=\d+\.)/

const plainAddress = (address: string | undefined): string | undefined =>
  address?.startsWith('::ffff:') ? address.replace(IPV4_IN_IPV6, '') : address

/** The client closed the connection before its answer was complete. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

/** Aborts, with a ClientGoneError, when the client goes away before its answer is complete. */
export function clientGone({ response }: Exchange): AbortSignal {
  const controller = new AbortController()
  const check = () => {
    if (!response.writableFinished) controller.abort(new ClientGoneError('the client went away'))
  }
  if (response.destroyed) check()
  else response.once('close', check)
  return controller.signal
}
