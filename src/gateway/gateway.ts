import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Services } from '../services/registry.ts'
import type { RuntimeDeps } from '../services/sagemaker-runtime/invoke-endpoint.ts'
import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../telemetry/log.ts'
import { notImplemented } from '../wire/service-error.ts'
import { answerError } from './answer-error.ts'
import type { Authenticator } from './authenticate.ts'
import type { BodyMemory } from './body-memory.ts'
import { type Exchange, openExchange } from './exchange.ts'
import { findService, signedService } from './find-service.ts'
import { answerOwnRoute, type Health } from './own-routes.ts'
import { invokedEndpoint, serveInvocation } from './serve-invocation.ts'
import { serveOperation } from './serve-operation.ts'

/** What the gateway is made of. */
export interface GatewayParts {
  readonly services: Services
  readonly authenticator: Authenticator
  readonly runtime: RuntimeDeps
  readonly bodyMemory: BodyMemory
  readonly health: () => Health
  readonly clock: Clock
  readonly publicUrl: string | undefined
  readonly s3Domains: readonly string[]
  readonly log: Logger
}

/** Answers one request, whatever it is. Never throws. */
export async function handleRequest(
  parts: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = openExchange(request, response, parts.clock.now())
  response.on('error', () => {})
  const endpointName = invokedEndpoint(exchange)
  if (endpointName !== undefined)
    return serve(parts, exchange, 'sagemaker-runtime', () => serveInvocation(parts, exchange, endpointName))
  if (answerOwnRoute(exchange, parts.health)) return
  const found = findService({
    method: exchange.method,
    path: exchange.path,
    headers: request.headers,
    signedService: signedService(request.headers.authorization, exchange.query),
  })
  if ('unknown' in found)
    return answerError(exchange, notImplemented(`The service ${found.unknown.slice(0, 64)}`), undefined, parts.log)
  return serve(parts, exchange, found.id, () => serveOperation(parts, exchange, parts.services[found.id]))
}

async function serve(
  parts: GatewayParts,
  exchange: Exchange,
  id: keyof Services,
  road: () => Promise<void>,
): Promise<void> {
  try {
    await road()
  } catch (error) {
    try {
      await answerError(exchange, error, parts.services[id], parts.log)
    } catch (err) {
      parts.log.error({ err, requestId: exchange.requestId }, 'an error could not be answered')
      exchange.response.destroy()
    }
  }
}
