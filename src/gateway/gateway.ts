import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authorizer } from '../services/authorizer.ts'
import type { ImageRegistry } from '../services/ecr/distribution/answer-registry.ts'
import type { Service, Services } from '../services/registry.ts'
import type { RuntimeDeps } from '../services/sagemaker-runtime/invoke-endpoint.ts'
import type { Clock } from '../shared/clock.ts'
import type { AccessLog } from '../telemetry/access-log.ts'
import type { Logger } from '../telemetry/log.ts'
import { notImplemented, ServiceError } from '../wire/service-error.ts'
import { noteAccess } from './access.ts'
import { answerError } from './answer-error.ts'
import type { Authenticator } from './authenticate.ts'
import type { BodyMemory } from './body-memory.ts'
import type { BodyPace } from './body-pace.ts'
import { claimedCredential } from './claimed-credential.ts'
import { addressProblem, openExchange } from './exchange.ts'
import { findService } from './find-service.ts'
import { answerOwnRoute, type Health } from './own-routes.ts'
import { type Certificates, isCertificateRequest, serveCertificate } from './serve-certificate.ts'
import { invocationTarget, serveInvocation } from './serve-invocation.ts'
import { isMetricsRequest, type MetricsPage, serveMetrics } from './serve-metrics.ts'
import { serveOperation } from './serve-operation.ts'
import { isRegistryRequest, serveRegistry } from './serve-registry.ts'

/** What the gateway is made of. */
export interface GatewayParts {
  readonly services: Services
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly runtime: RuntimeDeps
  readonly imageRegistry: ImageRegistry
  readonly bodyMemory: BodyMemory
  readonly bodyPace: BodyPace
  readonly health: () => Health
  readonly metrics: MetricsPage
  readonly certificates: Certificates
  readonly clock: Clock
  readonly publicUrl: string | undefined
  readonly s3Domains: readonly string[]
  readonly log: Logger
  /** Undefined when nobody wants to have it. */
  readonly accessLog?: Pick<AccessLog, 'add'> | undefined
}

/** Answers one request, whatever it is. Never throws. */
export async function handleRequest(
  parts: GatewayParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = openExchange(request, response, parts.clock.now())
  response.on('error', () => {})
  if (parts.accessLog !== undefined) noteAccess(parts.accessLog, exchange)
  let service: Service | undefined
  try {
    const signed = claimedCredential(request.headers.authorization, exchange.query)?.service
    // A bucket may be called `endpoints`: what is signed for another service is no invocation.
    const invocation = signed === undefined || signed === 'sagemaker' ? invocationTarget(exchange) : undefined
    if (invocation !== undefined) {
      service = parts.services['sagemaker-runtime']
      return await serveInvocation(parts, exchange, invocation)
    }
    const problem = addressProblem(exchange)
    if (problem !== undefined) throw new ServiceError('BadRequestException', problem)
    if (answerOwnRoute(exchange, parts.health)) return
    if (isMetricsRequest(exchange, signed, parts.s3Domains)) return await serveMetrics(parts.metrics, exchange)
    if (isRegistryRequest(exchange, signed, parts.s3Domains)) return await serveRegistry(parts, exchange)
    if (isCertificateRequest(exchange, signed)) return await serveCertificate(parts.certificates, exchange)
    const found = findService({
      method: exchange.method,
      path: exchange.path,
      query: exchange.query,
      headers: request.headers,
      signedService: signed,
    })
    if ('unknown' in found) throw notImplemented(`The service ${found.unknown.slice(0, 64)}`)
    service = parts.services[found.id]
    await serveOperation(parts, exchange, service)
  } catch (error) {
    try {
      await answerError(exchange, error, service, parts.log)
    } catch (err) {
      parts.log.error({ err, requestId: exchange.requestId }, 'an error could not be answered')
      response.destroy()
    }
  }
}
