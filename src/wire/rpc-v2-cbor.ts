import { findOperation, type ServiceDescription } from '../model/service-description.ts'
import { CborError, CborWriter, readCbor } from './cbor.ts'
import { fitCbor, writeCbor } from './cbor-codec.ts'
import { serializationException } from './fault.ts'
import type { Protocol } from './protocol.ts'
import { ServiceError } from './service-error.ts'
import { errorType, modelledStatus, queryErrorHeader } from './wire-error.ts'

const CBOR_TYPE = 'application/cbor'
const PATH = /^\/service\/([A-Za-z0-9_]{1,128})\/operation\/([A-Za-z0-9_]{1,128})$/

/**
 * Smithy's RPC v2 protocol in CBOR: every operation is `POST /service/<name>/operation/<operation>`, with one map each
 * way. Source: the Smithy specification of smithy-rpc-v2-cbor; botocore speaks it to CloudWatch.
 */
export const rpcV2Cbor: Protocol = {
  detectsFromBody: false,

  detect(description, request) {
    const [, service, name] = PATH.exec(request.path) ?? []
    if (request.method !== 'POST' || service !== description.targetPrefix || name === undefined) return undefined
    const operation = findOperation(description, name)
    return operation === undefined ? undefined : { operation, labels: {} }
  },

  unknownOperation: () =>
    new ServiceError('UnknownOperationException', 'The requested operation is not known to this service.', {
      status: 404,
    }),

  decode(_description, { operation }, _request, body) {
    const bytes = body as Uint8Array
    if (operation.input === undefined || bytes.length === 0) return {}
    return fitCbor(operation.input, parse(bytes))
  },

  encode(_description, operation, output, requestId) {
    const headers: Record<string, string> = { 'smithy-protocol': 'rpc-v2-cbor', 'x-amzn-RequestId': requestId }
    if (operation.output === undefined) return { status: 200, headers }
    headers['Content-Type'] = CBOR_TYPE
    const writer = new CborWriter()
    writeCbor(writer, operation.output, output ?? {})
    return { status: 200, headers, body: writer.finish() }
  },

  encodeError(description, error, requestId) {
    return {
      status: modelledStatus(description, error),
      headers: {
        ...error.headers,
        ...queryErrorHeader(description, error),
        'Content-Type': CBOR_TYPE,
        'smithy-protocol': 'rpc-v2-cbor',
        'x-amzn-RequestId': requestId,
      },
      body: errorBody(description, error),
    }
  },
}

function parse(bytes: Uint8Array): unknown {
  try {
    return readCbor(bytes)
  } catch (error) {
    if (!(error instanceof CborError)) throw error
    throw Object.assign(serializationException(`Unable to parse the request body as CBOR: ${error.message}.`), {
      cause: error,
    })
  }
}

function errorBody(description: ServiceDescription, error: ServiceError): Uint8Array {
  const shape = description.errors.get(error.code)
  const members = (shape?.members ?? []).filter(
    ({ name }) => name.toLowerCase() !== 'message' && error.members[name] !== undefined,
  )
  const writer = new CborWriter()
  writer.map(3 + members.length)
  writer.text('__type')
  writer.text(errorType(description, error))
  // Clients read the message in either spelling.
  for (const name of ['message', 'Message']) {
    writer.text(name)
    writer.text(error.message)
  }
  for (const member of members) {
    writer.text(member.wireName)
    writeCbor(writer, member.shape, error.members[member.name])
  }
  return writer.finish()
}
