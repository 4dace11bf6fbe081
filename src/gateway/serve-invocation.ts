import type { RequestBody } from '../dataplane/upstream/connection.ts'
import { invokeEndpointAsync } from '../services/sagemaker-runtime/async-inference/invoke-endpoint-async.ts'
import { MOST_BODY_BYTES } from '../services/sagemaker-runtime/async-inference/request-body.ts'
import { bodyTooLarge, serviceUnavailable } from '../services/sagemaker-runtime/errors.ts'
import { TARGET_CONTAINER_HEADER } from '../services/sagemaker-runtime/invocation-headers.ts'
import { invokeEndpoint } from '../services/sagemaker-runtime/invoke-endpoint.ts'
import { signatureError } from '../wire/sigv4/fault-error.ts'
import { verifySignature } from '../wire/sigv4/verify.ts'
import type { Caller, Claim } from './authenticate.ts'
import { CollectedBody } from './collected-body.ts'
import { type Call, type Exchange, requestOrigin } from './exchange.ts'
import type { GatewayParts } from './gateway.ts'
import { INVOCATIONS, InvocationTarget } from './invocation-target.ts'
import { BodyTooLargeError, collectBody, watchSilence } from './read-body.ts'

const SAGEMAKER = { service: 'sagemaker' }
const INVOCATION = /^\/endpoints\/([^/]+)\/(invocations|async-invocations|invocations-response-stream)$/

/** The endpoint that the request invokes, if it is an invocation. */
export function invocationTarget(exchange: Exchange): InvocationTarget | undefined {
  if (exchange.method !== 'POST' || !exchange.path.startsWith('/endpoints/')) return undefined
  const match = INVOCATION.exec(exchange.path)
  if (match === null) return undefined
  const [, name, kind] = match as unknown as [string, string, keyof typeof INVOCATIONS]
  return new InvocationTarget(INVOCATIONS[kind], name.includes('%') ? decoded(name) : name)
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    // No endpoint is called that; the check of the name says so.
    return name
  }
}

/** Who says to invoke. Rejects or throws with the ServiceError to answer when nobody may who says so. */
export const identifyInvoker = (parts: GatewayParts, call: Call): Caller | Promise<Caller> =>
  parts.authenticator.identify(call, 'rest-json', SAGEMAKER)

/** The largest body that an invocation may bring. */
export const mostBodyBytes = ({ runtime }: GatewayParts, { operation }: InvocationTarget): number =>
  operation === 'InvokeEndpointAsync' ? MOST_BODY_BYTES : runtime.limits.invocationBytes

/**
 * The road of invocations: no codec, no copy. The body is signed as a whole, so nothing of it may reach a container
 * before its last byte has been hashed: it is collected as it comes (never joined) under a budget of memory. A caller
 * who is not asked for a signature has his body streamed.
 */
export async function serveInvocation(
  parts: GatewayParts,
  exchange: Exchange,
  target: InvocationTarget,
): Promise<void> {
  const identified = identifyInvoker(parts, exchange)
  const caller = identified instanceof Promise ? await identified : identified
  const { headers } = exchange.request
  const asynchronous = target.operation === 'InvokeEndpointAsync'
  const limit = mostBodyBytes(parts, target)
  const announced = headers['content-length'] === undefined ? undefined : Number(headers['content-length'])
  if (announced !== undefined && announced > limit) throw bodyTooLarge(limit)
  if (caller.claim === undefined && announced !== undefined && !asynchronous) {
    await authorize(parts, exchange, target, caller)
    const body = { kind: 'stream', stream: watchSilence(exchange.request), chunked: false } as const
    return invoke(parts, exchange, target, caller, body, announced)
  }
  const reserved = announced ?? limit
  if (!parts.bodyMemory.reserve(reserved)) throw serviceUnavailable('Too many large invocations at once. Try again.')
  try {
    const body = new CollectedBody(caller.claim === undefined ? 0 : reserved)
    try {
      await collectBody(exchange.request, limit, body, parts.bodyPace)
    } catch (error) {
      throw error instanceof BodyTooLargeError ? bodyTooLarge(limit) : error
    }
    await invokeCollected(parts, exchange, target, caller, body)
  } finally {
    parts.bodyMemory.release(reserved)
  }
}

/**
 * Invokes with a whole body, once it is proven that the caller is who the request says, and known that he may. Throws or rejects
 * with the error to answer: what is known at once costs no promise.
 */
export function invokeCollected(
  parts: GatewayParts,
  call: Call,
  target: InvocationTarget,
  caller: Caller,
  body: CollectedBody,
): Promise<void> {
  if (caller.claim !== undefined) verify(caller.claim, body.hash())
  const collected = { kind: 'collected', chunks: body.parts, onSent: () => body.sent() } as const
  const go = () => invoke(parts, call, target, caller, collected, body.size)
  const asked = authorize(parts, call, target, caller)
  return asked === undefined ? go() : asked.then(go)
}

function authorize(
  parts: GatewayParts,
  call: Call,
  target: InvocationTarget,
  { principal, region }: Caller,
): void | Promise<void> {
  const container = call.request.headers[TARGET_CONTAINER_HEADER]
  const question = {
    principal,
    action: target.action,
    resource: target.arn(region, principal.account),
    origin: requestOrigin(call, region, parts.publicUrl),
    service: 'sagemaker-runtime',
  }
  if (container === undefined) return parts.authorizer.require(question)
  return parts.authorizer.require({ ...question, conditions: { 'sagemaker:targetcontainerhostname': container } })
}

function invoke(
  { runtime }: GatewayParts,
  { request, response, requestId, now, arrivedAt }: Call,
  { operation, endpointName }: InvocationTarget,
  { principal, region }: Caller,
  body: RequestBody,
  contentLength: number,
): Promise<void> {
  const context = { requestId, account: principal.account, region, now, arrivedAt }
  const { headers } = request
  if (operation === 'InvokeEndpointAsync') {
    const parts = body.kind === 'collected' && contentLength > 0 ? body.chunks : []
    return invokeEndpointAsync(runtime.accept, { endpointName, headers, body: parts }, response, context)
  }
  const input = { operation, endpointName, headers, body, contentLength }
  return invokeEndpoint(runtime, input, response, context)
}

function verify({ signature, request, secretAccessKey }: Claim, bodyHash: string): void {
  const fault = verifySignature(signature, request, secretAccessKey, bodyHash)
  if (fault !== undefined) throw signatureError(fault, 'rest-json')
}
