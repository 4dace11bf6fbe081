import type { Readable } from 'node:stream'
import type { RequestContext } from '../services/operation.ts'
import type { Service } from '../services/registry.ts'
import { pathStyle } from '../services/s3/addressing.ts'
import type { Detected, WireRequest } from '../wire/protocol.ts'
import { notImplemented, ServiceError } from '../wire/service-error.ts'
import { validateInput } from '../wire/validate-input.ts'
import type { Caller } from './authenticate.ts'
import { baseUrl, clientGone, type Exchange } from './exchange.ts'
import type { GatewayParts } from './gateway.ts'
import { respond } from './respond.ts'
import { collectVerified, verifiedStream } from './verified-body.ts'

/**
 * The road of every operation but InvokeEndpoint: identify, authorise, find the operation, read and verify the body,
 * decode, validate, invoke, encode. Rejects with what `answerError` is to answer.
 */
export async function serveOperation(parts: GatewayParts, exchange: Exchange, service: Service): Promise<void> {
  const { description, protocol } = service
  const bucketPath =
    service.id === 's3' ? pathStyle(exchange.request.headers.host ?? '', exchange.path, parts.s3Domains) : undefined
  const caller = await parts.authenticator.identify(exchange, description.protocol, {
    service: description.signingName,
    bucketOfHost: bucketPath?.split('/')[1],
  })
  authorise(caller, service)
  const wire = wireRequest(exchange, bucketPath ?? exchange.path)

  let detected = protocol.detectsFromBody ? undefined : detect(service, wire)
  let body: Uint8Array | Readable
  if (detected?.operation.streamsInput) body = verifiedStream(exchange, caller, description.protocol)
  else {
    body = await collectVerified(exchange, caller, description.protocol, service.maxBodyBytes)
    detected ??= detect(service, wire, body)
  }

  const { operation } = detected
  const handler = Object.hasOwn(service.operations, operation.name) ? service.operations[operation.name] : undefined
  if (handler === undefined) throw notImplemented(`${description.signingName}:${operation.name}`)

  const input = protocol.decode(description, detected, wire, body)
  validateInput(description, operation, input)
  const output = await handler(input as never, context(parts, exchange, caller))
  await respond(exchange, protocol.encode(description, operation, output, exchange.requestId))
}

const wireRequest = (exchange: Exchange, path: string): WireRequest => ({
  method: exchange.method,
  path,
  query: exchange.query,
  headers: exchange.request.headers as Readonly<Record<string, string>>,
})

function detect(service: Service, wire: WireRequest, body?: Uint8Array): Detected {
  const detected = service.protocol.detect(service.description, wire, body)
  if (detected === undefined) throw service.protocol.unknownOperation(service.description, wire)
  return detected
}

/** A caller without a name owns nothing and has been given nothing. */
function authorise(caller: Caller, service: Service): void {
  if (caller.principal.kind !== 'anonymous') return
  throw new ServiceError(service.id === 's3' ? 'AccessDenied' : 'AccessDeniedException', 'Access Denied', {
    status: 403,
  })
}

const context = (parts: GatewayParts, exchange: Exchange, caller: Caller): RequestContext => ({
  requestId: exchange.requestId,
  principal: caller.principal,
  account: caller.principal.account,
  region: caller.region,
  now: exchange.now,
  signal: clientGone(exchange),
  baseUrl: baseUrl(exchange, parts.publicUrl),
  log: parts.log,
})
