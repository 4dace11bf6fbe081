import type { IncomingHttpHeaders } from 'node:http'
import type { DataPlane } from '../../dataplane/data-plane.ts'
import { chooseVariant, directVariant, type Route, type VariantRoute } from '../../dataplane/route.ts'
import { type RouteTable, routeKey } from '../../dataplane/route-table.ts'
import type { RequestBody } from '../../dataplane/upstream/connection.ts'
import type { RequestContext } from '../operation.ts'
import type { AnswerStream } from './answer-stream.ts'
import type { AcceptDeps } from './async-inference/invoke-endpoint-async.ts'
import {
  endpointNotFound,
  notDirect,
  nothingHosted,
  noWeights,
  onlyAsynchronous,
  sessionNotFound,
  targetContainerMissing,
  targetContainerNotFound,
  variantNotFound,
} from './errors.ts'
import { type InvocationHeaders, type InvocationOperation, readInvocationHeaders } from './invocation-headers.ts'
import { type ResponseSettings, ResponseSink } from './response-sink.ts'
import { parseNewSession, type SessionAffinity } from './session-affinity.ts'
import { StreamSink } from './stream-sink.ts'

export interface RuntimeDeps {
  readonly routes: RouteTable
  readonly dataPlane: DataPlane
  readonly sessions: SessionAffinity
  readonly accept: AcceptDeps
  readonly limits: {
    readonly invocationBytes: number
    readonly containerSeconds: number
    readonly streamSeconds: number
  }
}

/** An invocation as the gateway hands it over: authenticated, its body not decoded. */
export interface InvokeEndpointInput {
  readonly operation: InvocationOperation
  readonly endpointName: string
  readonly headers: IncomingHttpHeaders
  readonly body: RequestBody
  /** Undefined when the body is streamed without a length. */
  readonly contentLength: number | undefined
}

/** `arrivedAt` is when the request came, on the clock of `performance.now()`. */
type Context = Pick<RequestContext, 'requestId' | 'account' | 'region' | 'now'> & { readonly arrivedAt: number }

/**
 * Sends the body to a container of the endpoint and streams the answer into `response`. Throws or rejects with the ServiceError to
 * answer as long as nothing has been written: ValidationError, ModelError (424), ServiceUnavailable (503).
 */
export function invokeEndpoint(
  deps: RuntimeDeps,
  input: InvokeEndpointInput,
  response: AnswerStream,
  context: Context,
): Promise<void> {
  const asked = readInvocationHeaders(input.operation, input.endpointName, input.headers)
  const key = routeKey(context.account, context.region, input.endpointName)
  const found = deps.routes.find(key)
  // Most wait for nothing but their container.
  if (found instanceof Promise || (asked.sessionId !== undefined && asked.sessionId !== NEW_SESSION))
    return invokeLater(deps, input, asked, key, response, context)
  const route = checkRoute(found, input.endpointName, context.account)
  return send(deps, input, asked, key, route, pickVariant(route, asked.targetVariant), response, context)
}

async function invokeLater(
  deps: RuntimeDeps,
  input: InvokeEndpointInput,
  asked: InvocationHeaders,
  key: string,
  response: AnswerStream,
  context: Context,
): Promise<void> {
  const route = checkRoute(await deps.routes.find(key), input.endpointName, context.account)
  const { sessionId, targetVariant } = asked
  const variant =
    sessionId === undefined || sessionId === NEW_SESSION
      ? pickVariant(route, targetVariant)
      : await sessionVariant(deps, key, route, sessionId)
  return send(deps, input, asked, key, route, variant, response, context)
}

function checkRoute(route: Route | undefined, endpointName: string, account: string): Route {
  // A name in another case than the endpoint was created with is not found, as on AWS.
  if (route === undefined || route.endpointName !== endpointName) throw endpointNotFound(endpointName, account)
  if (route.async !== undefined) throw onlyAsynchronous(endpointName)
  return route
}

function send(
  deps: RuntimeDeps,
  { operation, endpointName, body, contentLength }: InvokeEndpointInput,
  { targetContainer, headerLines }: InvocationHeaders,
  key: string,
  route: Route,
  chosen: VariantRoute,
  response: AnswerStream,
  { requestId, now, arrivedAt }: Context,
): Promise<void> {
  const variant = withContainer(chosen, targetContainer, endpointName)
  if (!route.hosted) throw nothingHosted(route, variant.directTo ?? variant.containers?.[0]?.name)
  const streaming = operation === 'InvokeEndpointWithResponseStream'
  // A stream is as long as the model talks; nothing of it is kept.
  const maxResponseBytes = streaming ? Number.POSITIVE_INFINITY : deps.limits.invocationBytes
  const settings: ResponseSettings = {
    location: route,
    variant: variant.name,
    requestId,
    maxResponseBytes,
    onSuccess: (headers) => recordSession(deps.sessions, key, running.instanceId, headers, now),
  }
  const sink = streaming ? new StreamSink(response, settings) : new ResponseSink(response, settings)
  const timeoutMilliseconds = (streaming ? deps.limits.streamSeconds : deps.limits.containerSeconds) * 1000
  const invocation = { headerLines, body, contentLength, timeoutMilliseconds, maxResponseBytes, arrivedAt }
  const running = deps.dataPlane.invoke(variant, invocation, sink)
  sink.attach(running)
  return sink.settled
}

const NEW_SESSION = 'NEW_SESSION'

function pickVariant(route: Route, target: string | undefined): VariantRoute {
  const variant = chooseVariant(route.variants, target, Math.random())
  if (variant !== undefined) return variant
  throw target === undefined ? noWeights(route.endpointName) : variantNotFound(target, route.endpointName)
}

/** The variant, narrowed to the container that the request names where there is one to be named. */
function withContainer(variant: VariantRoute, container: string | undefined, endpointName: string): VariantRoute {
  if (variant.mode !== 'Direct') {
    if (container !== undefined) throw notDirect(endpointName)
    return variant
  }
  if (container === undefined) throw targetContainerMissing(endpointName)
  const narrowed = directVariant(variant, container)
  if (narrowed === undefined) throw targetContainerNotFound(container, endpointName)
  return narrowed
}

/** The variant that holds a session, reduced to the one instance that does: no other knows of it. */
async function sessionVariant(
  { sessions, routes }: RuntimeDeps,
  key: string,
  before: Route,
  sessionId: string,
): Promise<VariantRoute> {
  const holder = await sessions.find(key, sessionId)
  // Anything may have happened meanwhile, and nothing may be sent to what has left the routes.
  const route = (await routes.find(key)) ?? before
  for (const variant of route.variants) {
    const instances = variant.instances.filter(({ id }) => id === holder)
    if (instances.length > 0) return { ...variant, instances }
  }
  throw sessionNotFound(sessionId)
}

/** Notes what the container says of sessions; undefined when it says nothing. */
function recordSession(
  sessions: SessionAffinity,
  key: string,
  instanceId: string | undefined,
  headers: ReadonlyMap<string, string>,
  now: number,
): Promise<unknown> | undefined {
  const opened = headers.get('x-amzn-sagemaker-new-session-id')
  const closed = headers.get('x-amzn-sagemaker-closed-session-id')
  const session = opened === undefined ? undefined : parseNewSession(opened, now)
  const notes: Promise<void>[] = []
  if (session !== undefined && instanceId !== undefined)
    notes.push(sessions.open(key, session.id, instanceId, session.expiresAt))
  if (closed !== undefined) notes.push(sessions.close(key, closed))
  return notes.length === 0 ? undefined : Promise.all(notes)
}
