import type { Readable } from 'node:stream'
import type { Member, OperationModel, ServiceDescription, Shape } from '../model/service-description.ts'
import { verifyBodyChecksum } from './body-checksum.ts'
import { malformedXml } from './fault.ts'
import { bindingsOf, decodeBindings, encodeBindings, writeHeaders } from './http-bindings.ts'
import type { Input, Protocol, WireRequest, WireResponse } from './protocol.ts'
import { MalformedPath, route } from './rest-router.ts'
import { ServiceError } from './service-error.ts'
import { modelledStatus } from './wire-error.ts'
import { decodeXml, encodeXmlMembers } from './xml-codec.ts'
import { readXml, XmlError } from './xml-reader.ts'
import { escapeXml, escapeXmlError, XML_DECLARATION, xmlElement } from './xml-text.ts'

const XML_TYPE = 'application/xml'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The rest-xml protocol as S3 speaks it. */
export const restXml: Protocol = {
  detectsFromBody: false,

  detect(description, request) {
    // No text that a query could name holds NUL, and no XML could answer it.
    if (request.query.includes('%00')) throw invalidUri()
    try {
      const found = route(description, request)
      return found === undefined || asksForAnother(description, found.operation, request) ? undefined : found
    } catch (error) {
      if (error instanceof MalformedPath) throw invalidUri()
      throw error
    }
  },

  unknownOperation: (_description, request) =>
    new ServiceError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
      status: 405,
      members: { Method: request.method },
    }),

  decode(_description, detected, request, body) {
    const { input: shape } = detected.operation
    if (shape === undefined) return {}
    const input = decodeBindings(shape, detected, request, invalidArgument)
    if (body instanceof Uint8Array) verifyBodyChecksum(detected.operation.name, request.headers, body)
    decodeBody(detected.operation, shape, body, input)
    return input
  },

  encode(description, operation, output, requestId) {
    const source = (output ?? {}) as Record<string, unknown>
    const { status: usual, headers } = encodeBindings(operation, source)
    Object.assign(headers, requestIds(requestId))
    // The published API knows one status an operation; a range is the exception.
    const status = source.ContentRange === undefined ? usual : 206
    return { status, headers, ...encodeBody(description, operation, source, headers) }
  },

  encodeError(description, error, requestId, resource) {
    const headers: Record<string, string> = { ...error.headers }
    const shape = description.errors.get(error.code)
    if (shape !== undefined) writeHeaders(shape, error.members, headers)
    Object.assign(headers, requestIds(requestId))
    const status = modelledStatus(description, error)
    if (status === 304) return { status, headers }
    headers['Content-Type'] = XML_TYPE
    return { status, headers, body: errorDocument(error, requestId, resource) }
  },
}

const invalidUri = (): ServiceError => new ServiceError('InvalidURI', "Couldn't parse the specified URI.")

/**
 * Whether the query names a subresource (`?acl`) that the operation is not about: deleting what was named must not
 * delete what holds it.
 */
function asksForAnother(description: ServiceDescription, operation: OperationModel, request: WireRequest): boolean {
  const own = subresourcesOf(operation)
  const all = subresources(description)
  return [...new URLSearchParams(request.query).keys()].some((name) => all.has(name) && !own.includes(name))
}

const known = new WeakMap<ServiceDescription, ReadonlySet<string>>()

function subresources(description: ServiceDescription): ReadonlySet<string> {
  const cached = known.get(description)
  if (cached !== undefined) return cached
  const names = new Set([...description.operations.values()].flatMap(subresourcesOf))
  known.set(description, names)
  return names
}

/** The parameters that an operation's template names without a value. */
const subresourcesOf = ({ uri }: OperationModel): string[] =>
  (uri.split('?')[1] ?? '').split('&').filter((parameter) => parameter !== '' && !parameter.includes('='))

const requestIds = (requestId: string): Record<string, string> => ({
  'x-amz-request-id': requestId,
  'x-amz-id-2': hostId(requestId),
})

// S3's second id names the host that answered. There is nothing to tell here, but clients show and log it.
const hostId = (requestId: string): string => Buffer.from(requestId).toString('base64')

function invalidArgument(member: Member, text: string): ServiceError {
  const message =
    member.shape.type === 'integer'
      ? `Provided ${member.wireName} not an integer or within integer range`
      : `The value of ${member.wireName} is not valid.`
  const value = text.length > 1024 ? text.slice(0, 1024) : text
  return new ServiceError('InvalidArgument', message, {
    members: { ArgumentName: member.wireName, ArgumentValue: value },
  })
}

function decodeBody(operation: OperationModel, shape: Shape, body: Uint8Array | Readable, input: Input): void {
  const { payload } = shape
  if (payload?.streaming === true) {
    input[payload.name] = body
    return
  }
  const members = bindingsOf(shape).body
  if (payload === undefined && members.length === 0) return
  const bytes = body as Uint8Array
  if (bytes.length === 0) return
  if (payload === undefined) Object.assign(input, decodeDocument(shape, bytes, operation.inputElement))
  else if (payload.shape.type === 'structure')
    input[payload.name] = decodeDocument(payload.shape, bytes, payload.wireName)
  else input[payload.name] = payload.shape.type === 'blob' ? bytes : Buffer.from(bytes).toString('utf8')
}

function decodeDocument(shape: Shape, body: Uint8Array, rootName: string | undefined): Record<string, unknown> {
  try {
    const root = readXml(utf8.decode(body))
    if (rootName !== undefined && root.name !== rootName) throw new XmlError('The root element is another one.')
    return decodeXml(shape, root)
  } catch (error) {
    if (error instanceof XmlError || error instanceof TypeError) throw malformedXml(error)
    throw error
  }
}

function encodeBody(
  description: ServiceDescription,
  operation: OperationModel,
  output: Record<string, unknown>,
  headers: Record<string, string>,
): Pick<WireResponse, 'body'> {
  const { output: shape } = operation
  if (shape === undefined) return {}
  const { payload } = shape
  if (payload === undefined) {
    if (bindingsOf(shape).body.length === 0) return {}
    return document(shape.locationName ?? shape.name, encodeXmlMembers(shape, output), description, headers)
  }
  const value = output[payload.name]
  if (value === undefined || value === null) return {}
  if (payload.shape.type !== 'structure') return { body: value as string | Uint8Array | Readable }
  const content = encodeXmlMembers(payload.shape, value as Record<string, unknown>)
  return document(payload.wireName, content, description, headers)
}

function document(
  root: string,
  content: string,
  description: ServiceDescription,
  headers: Record<string, string>,
): Pick<WireResponse, 'body'> {
  headers['Content-Type'] ??= XML_TYPE
  const namespace = description.xmlNamespace === undefined ? '' : ` xmlns="${escapeXml(description.xmlNamespace)}"`
  return { body: `${XML_DECLARATION}<${root}${namespace}>${content}</${root}>` }
}

/** The `<Error>` document of S3, which has no namespace. */
function errorDocument(error: ServiceError, requestId: string, resource: string | undefined): string {
  const parts = [xmlElement('Code', escapeXml(error.code)), xmlElement('Message', escapeXmlError(error.message))]
  for (const [name, value] of Object.entries(error.members)) {
    if (value !== undefined && value !== null) parts.push(xmlElement(name, escapeXmlError(String(value))))
  }
  if (resource !== undefined) parts.push(xmlElement('Resource', escapeXmlError(resource)))
  parts.push(xmlElement('RequestId', escapeXml(requestId)), xmlElement('HostId', hostId(requestId)))
  return `${XML_DECLARATION}<Error>${parts.join('')}</Error>`
}
