import type { Service } from '../services/registry.ts'
import { StorageFullError, StorageUnavailableError } from '../storage/errors.ts'
import type { Logger } from '../telemetry/log.ts'
import type { WireResponse } from '../wire/protocol.ts'
import { protocols } from '../wire/protocols.ts'
import { ServiceError } from '../wire/service-error.ts'
import { escapeXml } from '../wire/xml-text.ts'
import { type Call, ClientGoneError, type Exchange } from './exchange.ts'
import { isForm } from './find-service.ts'
import { BodyAbortedError, BodyTooLargeError, BodyTooSlowError } from './read-body.ts'
import { respond } from './respond.ts'

/** Answers a request that has failed. */
export async function answerError(
  exchange: Exchange,
  error: unknown,
  service: Service | undefined,
  log: Logger,
): Promise<void> {
  const answer = errorAnswer(exchange, error, service, log)
  if (answer === undefined) exchange.response.destroy()
  else await respond(exchange, answer)
}

/**
 * What a request that has failed is answered; undefined when it is too late for an answer. A ServiceError is what the caller
 * is told; anything else is a bug of ours, logged with its stack and answered without its words.
 */
export function errorAnswer(
  call: Call,
  error: unknown,
  service: Service | undefined,
  log: Logger,
): WireResponse | undefined {
  const { response, requestId } = call
  if (error instanceof BodyAbortedError || response.headersSent || response.destroyed) {
    // Who left is no news; that we broke off is.
    const isNews = response.headersSent ? !hasLeft(error) : !hasLeft(error) && !(error instanceof ServiceError)
    if (isNews) log.warn({ err: error, requestId }, 'an answer broke off')
    return undefined
  }
  const told = asServiceError(error, service)
  if (told.status >= 500 && !(error instanceof ServiceError)) {
    log.error({ err: error, requestId, method: call.method, path: call.path }, 'a request failed')
  }
  const { headers } = call.request
  if (service === undefined) return withoutService(call, told)
  return protocols[service.protocolOf(headers)].encodeError(service.description, told, requestId, call.path)
}

const LEFT = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET', 'EPIPE'])

/** Whether the error is only that the client has gone. */
const hasLeft = (error: unknown): boolean =>
  error instanceof BodyAbortedError ||
  error instanceof ClientGoneError ||
  LEFT.has((error as NodeJS.ErrnoException | undefined)?.code ?? '')

/** A request for no service that is known gets the form its protocol would have, as far as that can be told. */
function withoutService(call: Call, error: ServiceError): WireResponse {
  const { requestId } = call
  const headers = { 'x-amzn-RequestId': requestId, 'x-amzn-errortype': error.code }
  if (isForm(call.request.headers)) {
    const type = error.status < 500 ? 'Sender' : 'Receiver'
    const told = `<Error><Type>${type}</Type><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message></Error>`
    const body = `<ErrorResponse>${told}<RequestId>${requestId}</RequestId></ErrorResponse>`
    return { status: error.status, headers: { ...headers, 'Content-Type': 'text/xml' }, body }
  }
  const body = JSON.stringify({ __type: error.code, message: error.message })
  return { status: error.status, headers: { ...headers, 'Content-Type': 'application/json' }, body }
}

/** What each service calls a failure of its own, and a time when it cannot serve. */
const OWN_FAULTS: Readonly<Record<string, { readonly failure?: string; readonly unavailable?: string }>> = {
  s3: { failure: 'InternalError' },
  logs: { unavailable: 'ServiceUnavailableException' },
  lambda: { unavailable: 'ServiceException' },
  ecr: { failure: 'ServerException', unavailable: 'ServerException' },
  cloudwatch: { failure: 'InternalServiceError' },
}

function asServiceError(error: unknown, service: Service | undefined): ServiceError {
  if (error instanceof ServiceError) return error
  if (error instanceof BodyTooLargeError) {
    return service?.id === 's3'
      ? new ServiceError('MaxMessageLengthExceeded', 'Your request was too big.')
      : new ServiceError(
          'RequestEntityTooLargeException',
          `Request must be smaller than ${error.limit} bytes for the operation.`,
          { status: 413 },
        )
  }
  if (error instanceof BodyTooSlowError) {
    // S3 has a sentence of its own for it, and calls it a bad request. Source: S3 API reference, error responses.
    return service?.id === 's3'
      ? new ServiceError(
          'RequestTimeout',
          'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
        )
      : new ServiceError('RequestTimeout', 'The body of the request did not arrive in time.', { status: 408 })
  }
  const { failure = 'InternalFailure', unavailable = 'ServiceUnavailable' } = OWN_FAULTS[service?.id ?? ''] ?? {}
  if (error instanceof StorageFullError) {
    const sentence = "There is no space left on the server's disk; nothing was changed. Free some and try again."
    return new ServiceError(unavailable, sentence, { status: 503 })
  }
  if (error instanceof StorageUnavailableError) {
    const sentence = "The server's storage cannot be used at the moment; its log says why. Try again."
    return new ServiceError(unavailable, sentence, { status: 503 })
  }
  return new ServiceError(failure, 'We encountered an internal error. Please try again.', { status: 500 })
}
