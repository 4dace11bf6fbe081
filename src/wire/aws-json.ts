import { findOperation } from '../model/service-description.ts'
import { decodeJson, encodeJson } from './json-codec.ts'
import { parseJson } from './json-text.ts'
import type { Protocol } from './protocol.ts'
import { ServiceError } from './service-error.ts'
import { errorType, jsonErrorBody, modelledStatus, queryErrorHeader } from './wire-error.ts'

/** The awsJson protocol: every operation is `POST /`, named by X-Amz-Target, with one JSON object each way. */
export const awsJson: Protocol = {
  detectsFromBody: false,

  detect(description, request) {
    const target = request.headers['x-amz-target'] ?? ''
    const dot = target.lastIndexOf('.')
    if (request.method !== 'POST' || target.slice(0, dot) !== description.targetPrefix) return undefined
    const operation = findOperation(description, target.slice(dot + 1))
    return operation === undefined ? undefined : { operation, labels: {} }
  },

  unknownOperation: () =>
    new ServiceError('UnknownOperationException', 'The requested operation is not known to this service.'),

  decode(_description, { operation }, _request, body) {
    if (operation.input === undefined) return {}
    return decodeJson(operation.input, parseJson(body as Uint8Array))
  },

  encode(description, operation, output, requestId) {
    const headers = {
      'Content-Type': `application/x-amz-json-${description.jsonVersion}`,
      'x-amzn-RequestId': requestId,
    }
    if (operation.output === undefined) return { status: 200, headers }
    return { status: 200, headers, body: JSON.stringify(encodeJson(operation.output, output ?? {})) }
  },

  encodeError(description, error, requestId) {
    // The front end answers 400 to everything the caller can mend, but for a body that is too large.
    const status = modelledStatus(description, error)
    return {
      status: status >= 500 || status === 413 ? status : 400,
      headers: {
        ...error.headers,
        ...queryErrorHeader(description, error),
        'Content-Type': `application/x-amz-json-${description.jsonVersion}`,
        'x-amzn-RequestId': requestId,
        'x-amzn-errortype': error.code,
      },
      body: JSON.stringify({ __type: errorType(description, error), ...jsonErrorBody(description, error) }),
    }
  },
}
