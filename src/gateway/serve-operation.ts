import type { Readable } from 'node:stream'
import type { RequestContext } from '../services/operation.ts'
import type { Service } from '../services/registry.ts'
import { pathStyle } from '../services/s3/addressing.ts'
import { isGzipped, unzipBody } from '../wire/gzip-body.ts'
import type { Detected, Protocol, WireRequest } from '../wire/protocol.ts'
import { protocols } from '../wire/protocols.ts'
import { notImplemented, ServiceError } from '../wire/service-error.ts'
import { validateInput } from '../wire/validate-input.ts'
import type { Caller } from './authenticate.ts'
import { authorizeOperation } from './authorize-operation.ts'
import { baseUrl, clientGone, type Exchange, requestOrigin } from './exchange.ts'
import type { GatewayParts } from './gateway.ts'
import { requestSignature } from './request-signature.ts'
import { respond } from './respond.ts'
import { collectVerified, verifiedStream } from './verified-body.ts'

/**
 * The road of every operation but InvokeEndpoint: identify, find the operation, read and verify the body, decode,
 * validate, authorise, invoke, encode. Rejects with what `answerError` is to answer.
 */
export async function serveOperation(parts: GatewayParts, exchange: Exchange, service: Service): Promise<void> {
  const { description } = service
  const family = service.protocolOf(exchange.request.headers)
  const protocol = protocols[family]
  const bucketPath =
    service.id === 's3' ? pathStyle(exchange.request.headers.host ?? '', exchange.path, parts.s3Domains) : undefined
  const caller = await parts.authenticator.identify(exchange, family, {
    service: description.signingName,
    bucketOfHost: bucketPath?.split('/')[1],
  })
  const wire = wireRequest(exchange, bucketPath ?? exchange.path)

  let detected = protocol.detectsFromBody ? undefined : detect(protocol, service, wire)
  let body: Uint8Array | Readable
  if (detected?.operation.streamsInput) body = verifiedStream(exchange, caller, family)
  else {
    body = await collectVerified(exchange, caller, family, service.maxBodyBytes, parts.bodyPace)
    const takesGzip = detected?.operation.takesGzip ?? description.takesGzip
    if (takesGzip && isGzipped(wire.headers)) body = unzipBody(body, service.maxBodyBytes)
    detected ??= detect(protocol, service, wire, body)
  }

  const { operation } = detected
  requireIdentity(caller, service, operation.name)
  const handler = Object.hasOwn(service.operations, operation.name) ? service.operations[operation.name] : undefined
  if (handler === undefined) throw notImplemented(`${description.signingName}:${operation.name}`)

  const input = protocol.decode(description, detected, wire, body)
  validateInput(description, operation, input)
  const context = contextOf(parts, exchange, caller)
  await authorizeOperation(parts.authorizer, service, operation.name, input, context)
  const output = await handler(input as never, context)
  await respond(exchange, protocol.encode(description, operation, output, exchange.requestId))
}

const wireRequest = (exchange: Exchange, path: string): WireRequest => ({
  method: exchange.method,
  path,
  query: exchange.query,
  headers: exchange.request.headers as Readonly<Record<string, string>>,
})

function detect(protocol: Protocol, service: Service, wire: WireRequest, body?: Uint8Array): Detected {
  const detected = protocol.detect(service.description, wire, body)
  if (detected === undefined) throw protocol.unknownOperation(service.description, wire)
  return detected
}

/** What SNS lets everybody do who has a link of one of its messages. */
const LINKED = ['ConfirmSubscription', 'Unsubscribe']

/** Only a bucket's policy can let in a caller without a name, and what the links of SNS do needs none. */
function requireIdentity(caller: Caller, service: Service, operation: string): void {
  if (caller.principal.kind !== 'anonymous' || service.id === 's3') return
  if (service.id === 'sns' && LINKED.includes(operation)) return
  throw new ServiceError('MissingAuthenticationToken', 'Request is missing Authentication Token', { status: 403 })
}

const contextOf = (parts: GatewayParts, exchange: Exchange, caller: Caller): RequestContext => ({
  requestId: exchange.requestId,
  principal: caller.principal,
  account: caller.principal.account,
  region: caller.region,
  now: exchange.now,
  signal: clientGone(exchange),
  baseUrl: baseUrl(exchange, parts.publicUrl),
  log: parts.log,
  origin: {
    ...requestOrigin(exchange, caller.region, parts.publicUrl),
    signature: requestSignature(caller.claim),
  },
})
