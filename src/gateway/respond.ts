import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { WireResponse } from '../wire/protocol.ts'
import type { Exchange } from './exchange.ts'
import { discardBody } from './read-body.ts'

/**
 * Writes an answer. Resolves when all of it has been handed to the connection; a body that breaks in the middle breaks
 * the connection, so that the client cannot take the part for the whole.
 */
export async function respond(exchange: Exchange, answer: WireResponse): Promise<void> {
  const { request, response } = exchange
  if (response.headersSent || response.destroyed) return
  const { body } = answer
  // The rest of the request's body is not wanted: the connection cannot carry another request.
  const unread = !request.complete
  if (unread) response.setHeader('Connection', 'close')
  if (body instanceof Readable) {
    response.writeHead(answer.status, answer.headers)
    await pipeline(body, response)
    return
  }
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
  const bodiless = exchange.method === 'HEAD' || answer.status === 204 || answer.status === 304
  const headers: Record<string, string | number> = { ...answer.headers }
  if (!bodiless) headers['Content-Length'] = bytes?.length ?? 0
  response.writeHead(answer.status, headers)
  if (!unread) return void response.end(bodiless ? undefined : bytes)
  if (bodiless || bytes === undefined) response.flushHeaders()
  else response.write(bytes)
  discardBody(request, () => response.end())
}
