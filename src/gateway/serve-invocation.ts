import { createHash, hash } from 'node:crypto'
import type { RequestContext } from '../services/operation.ts'
import { bodyTooLarge, serviceUnavailable } from '../services/sagemaker-runtime/errors.ts'
import { invokeEndpoint } from '../services/sagemaker-runtime/invoke-endpoint.ts'
import { signatureError } from '../wire/sigv4/fault-error.ts'
import { verifySignature } from '../wire/sigv4/verify.ts'
import type { Claim } from './authenticate.ts'
import { baseUrl, type Exchange } from './exchange.ts'
import type { GatewayParts } from './gateway.ts'
import { BodyTooLargeError, collectBody } from './read-body.ts'

const SAGEMAKER = { service: 'sagemaker' }
const INVOCATION = /^\/endpoints\/([^/]+)\/invocations$/

/** The endpoint's name when the request is an InvokeEndpoint. */
export function invokedEndpoint(exchange: Exchange): string | undefined {
  if (exchange.method !== 'POST' || !exchange.path.startsWith('/endpoints/')) return undefined
  return INVOCATION.exec(exchange.path)?.[1]
}

/**
 * The road of InvokeEndpoint: no codec, no copy. The body is signed as a whole, so nothing of it may reach a container
 * before its last byte has been hashed: it is collected as it comes (never joined) under a budget of memory. A caller
 * who is not asked for a signature has his body streamed.
 */
export async function serveInvocation(parts: GatewayParts, exchange: Exchange, endpointName: string): Promise<void> {
  const identified = parts.authenticator.identify(exchange, 'rest-json', SAGEMAKER)
  const caller = identified instanceof Promise ? await identified : identified
  const { limits } = parts.runtime
  const context: RequestContext = {
    requestId: exchange.requestId,
    principal: caller.principal,
    account: caller.principal.account,
    region: caller.region,
    now: exchange.now,
    signal: NEVER,
    baseUrl: baseUrl(exchange, parts.publicUrl),
    log: parts.log,
  }
  const { request, response } = exchange
  const announced = request.headers['content-length']
  if (caller.claim === undefined && announced !== undefined) {
    const contentLength = Number(announced)
    if (contentLength > limits.invocationBytes) throw bodyTooLarge(limits.invocationBytes)
    const body = { kind: 'stream', stream: request, chunked: false } as const
    return invokeEndpoint(
      parts.runtime,
      { endpointName, headers: request.headers, body, contentLength },
      response,
      context,
    )
  }
  const reserved = Number(announced ?? limits.invocationBytes)
  if (!parts.bodyMemory.reserve(reserved)) throw serviceUnavailable('Too many large invocations at once. Try again.')
  try {
    const chunks = await collectInvocation(exchange, limits.invocationBytes)
    if (caller.claim !== undefined) verifyCollected(caller.claim, chunks)
    let contentLength = 0
    for (const chunk of chunks) contentLength += chunk.length
    const body = { kind: 'collected', chunks } as const
    await invokeEndpoint(
      parts.runtime,
      { endpointName, headers: request.headers, body, contentLength },
      response,
      context,
    )
  } finally {
    parts.bodyMemory.release(reserved)
  }
}

/** The data plane watches the connection itself. */
const NEVER = new AbortController().signal

async function collectInvocation(exchange: Exchange, limit: number): Promise<Buffer[]> {
  try {
    return await collectBody(exchange.request, limit)
  } catch (error) {
    throw error instanceof BodyTooLargeError ? bodyTooLarge(limit) : error
  }
}

function verifyCollected(claim: Claim, chunks: readonly Buffer[]): void {
  const fault = verifySignature(claim.signature, claim.request, claim.secretAccessKey, sha256(chunks))
  if (fault !== undefined) throw signatureError(fault, 'rest-json')
}

/** Lower-case hex SHA-256 of a body. One call for one part: half the cost of a hash object. */
export function sha256(chunks: readonly Uint8Array[]): string {
  if (chunks.length === 1) return hash('sha256', chunks[0] as Uint8Array)
  const state = createHash('sha256')
  for (const chunk of chunks) state.update(chunk)
  return state.digest('hex')
}
