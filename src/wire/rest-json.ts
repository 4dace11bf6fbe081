import type { Readable } from 'node:stream'
import type { Member, OperationModel, Shape } from '../model/service-description.ts'
import { serializationException } from './fault.ts'
import { bindingsOf, decodeBindings, encodeBindings, writeHeaders } from './http-bindings.ts'
import { decodeJson, encodeJson } from './json-codec.ts'
import { parseJson } from './json-text.ts'
import type { Input, Protocol, WireResponse } from './protocol.ts'
import { MalformedPath, route } from './rest-router.ts'
import { ServiceError } from './service-error.ts'
import { jsonErrorBody, modelledStatus } from './wire-error.ts'

const JSON_TYPE = 'application/json'

/** The rest-json protocol: operations by method and path, members in path, query, headers and a JSON or raw body. */
export const restJson: Protocol = {
  detectsFromBody: false,

  detect(description, request) {
    try {
      return route(description, request)
    } catch (error) {
      if (error instanceof MalformedPath) throw serializationException(error.message)
      throw error
    }
  },

  unknownOperation: () =>
    new ServiceError('UnknownOperationException', 'The requested operation is not known to this service.', {
      status: 404,
    }),

  decode(_description, detected, request, body) {
    const { input: shape } = detected.operation
    if (shape === undefined) return {}
    const input = decodeBindings(shape, detected, request, unreadable)
    decodeBody(shape, body, input)
    return input
  },

  encode(_description, operation, output, requestId) {
    const source = (output ?? {}) as Record<string, unknown>
    const { status, headers } = encodeBindings(operation, source)
    headers['x-amzn-RequestId'] = requestId
    return { status, headers, ...encodeBody(operation, source, headers) }
  },

  encodeError(description, error, requestId) {
    const headers: Record<string, string> = { ...error.headers }
    const shape = description.errors.get(error.code)
    if (shape !== undefined) writeHeaders(shape, error.members, headers)
    headers['Content-Type'] = JSON_TYPE
    headers['x-amzn-RequestId'] = requestId
    headers['x-amzn-errortype'] = error.code
    return {
      status: modelledStatus(description, error),
      headers,
      body: JSON.stringify(jsonErrorBody(description, error)),
    }
  },
}

const unreadable = (member: Member): ServiceError =>
  serializationException(`The value of '${member.wireName}' can not be converted to a ${member.shape.type}.`)

function decodeBody(shape: Shape, body: Uint8Array | Readable, input: Input): void {
  const { payload } = shape
  if (payload === undefined) {
    const { body: members } = bindingsOf(shape)
    if (members.length > 0) Object.assign(input, decodeJson(shape, parseJson(body as Uint8Array)))
    return
  }
  if (payload.streaming) input[payload.name] = body
  else if ((body as Uint8Array).length === 0) return
  else if (payload.shape.type === 'blob') input[payload.name] = body
  else if (payload.shape.type === 'string') input[payload.name] = Buffer.from(body as Uint8Array).toString('utf8')
  else input[payload.name] = decodeJson(payload.shape, parseJson(body as Uint8Array))
}

function encodeBody(
  operation: OperationModel,
  output: Record<string, unknown>,
  headers: Record<string, string>,
): Pick<WireResponse, 'body'> {
  const { output: shape } = operation
  if (shape === undefined) return {}
  if (shape.payload === undefined) {
    if (bindingsOf(shape).body.length === 0 && shape.members.length > 0) return {}
    if (operation.status === 204) return {}
    headers['Content-Type'] ??= JSON_TYPE
    return { body: JSON.stringify(encodeJson(shape, output)) }
  }
  const value = output[shape.payload.name]
  if (value === undefined || value === null) return {}
  if (shape.payload.shape.type === 'blob' || shape.payload.shape.type === 'string') {
    return { body: value as string | Uint8Array | Readable }
  }
  headers['Content-Type'] ??= JSON_TYPE
  return { body: JSON.stringify(encodeJson(shape.payload.shape, value)) }
}
