import { createHash } from 'node:crypto'
import { bodyTooLarge, serviceUnavailable } from '../services/sagemaker-runtime/errors.ts'
import type { InvocationOperation } from '../services/sagemaker-runtime/invocation-headers.ts'
import { invokeEndpoint } from '../services/sagemaker-runtime/invoke-endpoint.ts'
import { signatureError } from '../wire/sigv4/fault-error.ts'
import { verifySignature } from '../wire/sigv4/verify.ts'
import type { Claim } from './authenticate.ts'
import { sha256 } from './body-hash.ts'
import { type Exchange, requestOrigin } from './exchange.ts'
import type { GatewayParts } from './gateway.ts'
import { BodyTooLargeError, collectBody, watchSilence } from './read-body.ts'

const SAGEMAKER = { service: 'sagemaker' }
const INVOCATION = /^\/endpoints\/([^/]+)\/invocations(-response-stream)?$/
/** Bodies above this are hashed part by part as they come, so that the hash of none holds up other requests. */
const ONE_HASH_BYTES = 64 * 1024

/** What a request on the road of invocations asks for. */
export interface InvocationTarget {
  readonly operation: InvocationOperation
  /** Not yet checked. */
  readonly endpointName: string
}

/** The endpoint that the request invokes, if it is an invocation. */
export function invocationTarget(exchange: Exchange): InvocationTarget | undefined {
  if (exchange.method !== 'POST' || !exchange.path.startsWith('/endpoints/')) return undefined
  const match = INVOCATION.exec(exchange.path)
  if (match === null) return undefined
  const name = match[1] as string
  return {
    operation: match[2] === undefined ? 'InvokeEndpoint' : 'InvokeEndpointWithResponseStream',
    endpointName: name.includes('%') ? decoded(name) : name,
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    // No endpoint is called that; the check of the name says so.
    return name
  }
}

/**
 * The road of invocations: no codec, no copy. The body is signed as a whole, so nothing of it may reach a container
 * before its last byte has been hashed: it is collected as it comes (never joined) under a budget of memory. A caller
 * who is not asked for a signature has his body streamed.
 */
export async function serveInvocation(
  parts: GatewayParts,
  exchange: Exchange,
  { operation, endpointName }: InvocationTarget,
): Promise<void> {
  const identified = parts.authenticator.identify(exchange, 'rest-json', SAGEMAKER)
  const caller = identified instanceof Promise ? await identified : identified
  const { requestId, now, arrivedAt, request, response } = exchange
  const { headers } = request
  const context = { requestId, account: caller.principal.account, region: caller.region, now, arrivedAt }
  const authorize = () => {
    const { principal, region } = caller
    const resource = `arn:aws:sagemaker:${region}:${principal.account}:endpoint/${endpointName.toLowerCase()}`
    const origin = requestOrigin(exchange, region, parts.publicUrl)
    return parts.authorizer.require({
      principal,
      action: `sagemaker:${operation}`,
      resource,
      origin,
      service: 'sagemaker-runtime',
    })
  }
  const limit = parts.runtime.limits.invocationBytes
  const announced = headers['content-length'] === undefined ? undefined : Number(headers['content-length'])
  if (announced !== undefined && announced > limit) throw bodyTooLarge(limit)
  if (caller.claim === undefined && announced !== undefined) {
    await authorize()
    const body = { kind: 'stream', stream: watchSilence(request), chunked: false } as const
    return invokeEndpoint(
      parts.runtime,
      { operation, endpointName, headers, body, contentLength: announced },
      response,
      context,
    )
  }
  const reserved = announced ?? limit
  if (!parts.bodyMemory.reserve(reserved)) throw serviceUnavailable('Too many large invocations at once. Try again.')
  try {
    const chunks = await collectInvocation(exchange, limit, caller.claim, reserved)
    // Only now is it known that the caller is who the request says.
    const asked = authorize()
    if (asked !== undefined) await asked
    let contentLength = 0
    for (const chunk of chunks) contentLength += chunk.length
    const body = { kind: 'collected', chunks } as const
    await invokeEndpoint(parts.runtime, { operation, endpointName, headers, body, contentLength }, response, context)
  } finally {
    parts.bodyMemory.release(reserved)
  }
}

/** The whole body, and proof that the caller has signed it. `expected` is its largest size in bytes. */
async function collectInvocation(
  { request }: Exchange,
  limit: number,
  claim: Claim | undefined,
  expected: number,
): Promise<Buffer[]> {
  const state = claim !== undefined && expected > ONE_HASH_BYTES ? createHash('sha256') : undefined
  let chunks: Buffer[]
  try {
    chunks = await collectBody(request, limit, state === undefined ? undefined : (part) => state.update(part))
  } catch (error) {
    throw error instanceof BodyTooLargeError ? bodyTooLarge(limit) : error
  }
  if (claim !== undefined) verify(claim, state === undefined ? sha256(chunks) : state.digest('hex'))
  return chunks
}

function verify({ signature, request, secretAccessKey }: Claim, bodyHash: string): void {
  const fault = verifySignature(signature, request, secretAccessKey, bodyHash)
  if (fault !== undefined) throw signatureError(fault, 'rest-json')
}
