import type { IncomingMessage, ServerResponse } from 'node:http'
import { requestId } from '../shared/ids.ts'

/** One request on its way through the gateway, with its target taken apart but nothing decoded. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly requestId: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  /** As sent, without the question mark. */
  readonly query: string
}

export function openExchange(request: IncomingMessage, response: ServerResponse, now: number): Exchange {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  return {
    request,
    response,
    requestId: requestId(),
    now,
    method: request.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
  }
}

/** Scheme, host and port as the client addressed the server. */
export const baseUrl = (exchange: Exchange, publicUrl: string | undefined): string =>
  publicUrl ?? `http://${exchange.request.headers.host ?? '127.0.0.1'}`

/** Aborts when the client goes away before its answer is complete. */
export function clientGone(exchange: Exchange): AbortSignal {
  const controller = new AbortController()
  exchange.response.once('close', () => {
    if (!exchange.response.writableFinished) controller.abort(new Error('the client went away'))
  })
  return controller.signal
}
