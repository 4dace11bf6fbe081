import type { Service } from '../services/registry.ts'
import { StorageFullError } from '../storage/errors.ts'
import type { Logger } from '../telemetry/log.ts'
import { ServiceError } from '../wire/service-error.ts'
import type { Exchange } from './exchange.ts'
import { BodyAbortedError, BodyTooLargeError } from './read-body.ts'
import { respond } from './respond.ts'

/**
 * Answers a request that has failed. A ServiceError is what the caller is told; anything else is a bug of ours, logged
 * with its stack and answered without its words.
 */
export async function answerError(
  exchange: Exchange,
  error: unknown,
  service: Service | undefined,
  log: Logger,
): Promise<void> {
  const { response, requestId } = exchange
  if (error instanceof BodyAbortedError || response.destroyed) {
    response.destroy()
    return
  }
  if (response.headersSent) {
    log.warn({ err: error, requestId }, 'an answer broke off')
    response.destroy()
    return
  }
  const told = asServiceError(error, service)
  if (told.status >= 500 && !(error instanceof ServiceError)) log.error({ err: error, requestId }, 'a request failed')
  if (service === undefined) {
    await respond(exchange, {
      status: told.status,
      headers: { 'Content-Type': 'application/json', 'x-amzn-RequestId': requestId, 'x-amzn-errortype': told.code },
      body: JSON.stringify({ __type: told.code, message: told.message }),
    })
    return
  }
  await respond(exchange, service.protocol.encodeError(service.description, told, requestId, exchange.path))
}

function asServiceError(error: unknown, service: Service | undefined): ServiceError {
  if (error instanceof ServiceError) return error
  const s3 = service?.id === 's3'
  if (error instanceof BodyTooLargeError) {
    return s3
      ? new ServiceError('MaxMessageLengthExceeded', 'Your request was too big.')
      : new ServiceError(
          'RequestEntityTooLargeException',
          `Request must be smaller than ${error.limit} bytes for the operation.`,
          { status: 413 },
        )
  }
  if (error instanceof StorageFullError) {
    const sentence = "There is no space left on the server's disk; nothing was changed. Free some and try again."
    return new ServiceError(s3 ? 'ServiceUnavailable' : 'ServiceUnavailableException', sentence, { status: 503 })
  }
  return s3
    ? new ServiceError('InternalError', 'We encountered an internal error. Please try again.', { status: 500 })
    : new ServiceError('InternalFailure', 'We encountered an internal error. Please try again.', { status: 500 })
}
