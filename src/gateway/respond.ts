import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { WireResponse } from '../wire/protocol.ts'
import type { Exchange } from './exchange.ts'
import { isBodyHeldBack } from './expect-continue.ts'
import { discardBody } from './read-body.ts'

/**
 * Writes an answer. Resolves when all of it has been handed to the connection; a body that breaks in the middle breaks
 * the connection, so that the client cannot take the part for the whole.
 */
export async function respond(exchange: Exchange, answer: WireResponse): Promise<void> {
  const { request, response } = exchange
  const { body } = answer
  if (response.headersSent || response.destroyed) {
    if (body instanceof Readable) body.destroy()
    return
  }
  const unread = isBodyUnread(request)
  // A request whose body was not taken in cannot be followed by another one.
  if (unread) response.shouldKeepAlive = false
  if (body instanceof Readable) {
    await respondWithStream(exchange, answer, body)
    return
  }
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
  const bodiless = exchange.method === 'HEAD' || answer.status === 204 || answer.status === 304
  const headers: Record<string, string | number> = { ...answer.headers }
  if (!bodiless) headers['Content-Length'] = bytes?.length ?? 0
  response.writeHead(answer.status, headers)
  if (!unread || isBodyHeldBack(request)) {
    response.end(bodiless ? undefined : bytes)
    return
  }
  if (bodiless || bytes === undefined) response.flushHeaders()
  else response.write(bytes)
  request.unpipe()
  discardBody(request, () => response.end())
}

async function respondWithStream({ response }: Exchange, { status, headers }: WireResponse, body: Readable) {
  try {
    response.writeHead(status, headers)
  } catch (error) {
    body.destroy()
    throw error
  }
  await pipeline(body, response)
}

function isBodyUnread({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  return encoding !== undefined || (length !== undefined && length !== '0')
}
