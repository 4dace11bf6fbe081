import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { DataPlane } from '../../dataplane/data-plane.ts'
import { chooseVariant, type Route, type VariantRoute } from '../../dataplane/route.ts'
import { type RouteTable, routeKey } from '../../dataplane/route-table.ts'
import type { RequestBody } from '../../dataplane/upstream/connection.ts'
import type { RequestContext } from '../operation.ts'
import { endpointNotFound, nothingHosted, validationError, variantNotFound } from './errors.ts'
import { readInvocationHeaders } from './invocation-headers.ts'
import { ResponseSink } from './response-sink.ts'
import { parseNewSession, type SessionAffinity } from './session-affinity.ts'

export interface RuntimeDeps {
  readonly routes: RouteTable
  readonly dataPlane: DataPlane
  readonly sessions: SessionAffinity
  readonly limits: { readonly invocationBytes: number; readonly containerSeconds: number }
}

/** An invocation as the gateway hands it over: authenticated, its body not decoded. */
export interface InvokeEndpointInput {
  readonly endpointName: string
  readonly headers: IncomingHttpHeaders
  readonly body: RequestBody
  /** Undefined when the body is streamed without a length. */
  readonly contentLength: number | undefined
}

/**
 * Sends the body to a container of the endpoint and streams the answer into `response`. Rejects with the ServiceError to
 * answer as long as nothing has been written: ValidationError, ModelError (424), ServiceUnavailable (503).
 */
export async function invokeEndpoint(
  deps: RuntimeDeps,
  input: InvokeEndpointInput,
  response: ServerResponse,
  context: RequestContext,
): Promise<void> {
  const { targetVariant, sessionId, headerLines } = readInvocationHeaders(input.headers)
  const key = routeKey(context.account, context.region, input.endpointName)
  const found = deps.routes.find(key)
  const route = found instanceof Promise ? await found : found
  // A name in another case than the endpoint was created with is not found, as on AWS.
  if (route === undefined || route.endpointName !== input.endpointName)
    throw endpointNotFound(input.endpointName, context.account)
  const location = { endpoint: route.endpointName, account: route.account, region: route.region }
  const variant = pickVariant(route, targetVariant)
  if (!route.hosted) throw nothingHosted(location)
  const preferred =
    sessionId === undefined || sessionId === NEW_SESSION ? undefined : await sessionInstance(deps, key, sessionId)
  const sink = new ResponseSink(response, {
    location,
    variant: variant.name,
    requestId: context.requestId,
    maxResponseBytes: deps.limits.invocationBytes,
    onSuccess: (headers) => keepSession(deps, key, running.instanceId, headers, context),
  })
  const running = deps.dataPlane.invoke(
    variant,
    preferred,
    {
      headerLines,
      body: input.body,
      contentLength: input.contentLength,
      timeoutMilliseconds: deps.limits.containerSeconds * 1000,
      maxResponseBytes: deps.limits.invocationBytes,
    },
    sink,
  )
  sink.attach(running)
  await sink.settled
}

const NEW_SESSION = 'NEW_SESSION'

function pickVariant(route: Route, target: string | undefined): VariantRoute {
  const variant = chooseVariant(route.variants, target, Math.random())
  if (variant !== undefined) return variant
  if (target !== undefined) throw variantNotFound(target, route.endpointName)
  throw validationError(`No production variant of endpoint ${route.endpointName} has a weight above zero.`)
}

async function sessionInstance(deps: RuntimeDeps, key: string, sessionId: string): Promise<string> {
  const instance = await deps.sessions.find(key, sessionId)
  if (instance === undefined) throw validationError(`Session ${sessionId} does not exist or has expired.`)
  return instance
}

function keepSession(
  deps: RuntimeDeps,
  key: string,
  instanceId: string | undefined,
  headers: ReadonlyMap<string, string>,
  context: RequestContext,
): void {
  const opened = headers.get('x-amzn-sagemaker-new-session-id')
  const closed = headers.get('x-amzn-sagemaker-closed-session-id')
  const onError = (err: unknown) =>
    context.log.error({ err, requestId: context.requestId }, 'a session could not be recorded')
  if (opened !== undefined && instanceId !== undefined) {
    const session = parseNewSession(opened, context.now)
    deps.sessions.open(key, session.id, instanceId, session.expiresAt).catch(onError)
  }
  if (closed !== undefined) deps.sessions.close(key, closed).catch(onError)
}
