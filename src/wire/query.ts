import { findOperation, type Member, type Shape } from '../model/service-description.ts'
import { malformedInput } from './fault.ts'
import { type FormNode, numbered, readForm } from './form.ts'
import type { Protocol } from './protocol.ts'
import { parseScalar } from './scalar-text.ts'
import { ServiceError } from './service-error.ts'
import { isSenderFault, modelledStatus } from './wire-error.ts'
import { encodeXmlMembers } from './xml-codec.ts'
import { escapeXml, escapeXmlError, xmlElement } from './xml-text.ts'

const XML_TYPE = 'text/xml'
const NO_BODY = new Uint8Array(0)
/** References to what XML 1.0 has no room for, which no client of these services reads: one would hide a whole list. */
const UNREADABLE = /&#x(?:[0-8bcef]|1[0-9a-f]|fff[ef]);/g

/** The query protocol of IAM, STS, SNS and others: a form with an Action in, XML out. */
export const query: Protocol = {
  detectsFromBody: true,

  detect(description, request, body) {
    const action = readForm(request.query, body ?? NO_BODY).children.get('Action')?.value
    const operation = action === undefined ? undefined : findOperation(description.queryForm ?? description, action)
    return operation === undefined ? undefined : { operation, labels: {} }
  },

  unknownOperation(description, request) {
    const action = new URLSearchParams(request.query).get('Action')
    const what = action === null ? 'the requested operation' : `operation ${action.slice(0, 128)}`
    return new ServiceError('InvalidAction', `Could not find ${what} for version ${description.apiVersion}`)
  },

  decode(_description, { operation }, request, body) {
    if (operation.input === undefined) return {}
    const input = decodeStructure(operation.input, readForm(request.query, body as Uint8Array))
    return withQueueOfPath(operation.input, request.path, input)
  },

  encode(description, operation, output, requestId) {
    const result =
      operation.output === undefined || operation.resultWrapper === undefined
        ? ''
        : xmlElement(
            operation.resultWrapper,
            encodeXmlMembers(operation.output, (output ?? {}) as Record<string, unknown>).replace(UNREADABLE, '\ufffd'),
          )
    const metadata = xmlElement('ResponseMetadata', xmlElement('RequestId', escapeXml(requestId)))
    const name = `${operation.name}Response`
    const namespace = escapeXml(description.xmlNamespace ?? '')
    return {
      status: 200,
      headers: { 'Content-Type': XML_TYPE, 'x-amzn-RequestId': requestId },
      body: `<${name} xmlns="${namespace}">${result}${metadata}</${name}>`,
    }
  },

  encodeError(description, error, requestId) {
    const status = modelledStatus(description, error)
    const parts = [
      xmlElement('Type', isSenderFault(status) ? 'Sender' : 'Receiver'),
      xmlElement('Code', escapeXml(error.code)),
      xmlElement('Message', escapeXmlError(error.message)),
    ]
    const namespace = escapeXml(description.xmlNamespace ?? '')
    const content = xmlElement('Error', parts.join('')) + xmlElement('RequestId', escapeXml(requestId))
    return {
      status,
      headers: { ...error.headers, 'Content-Type': XML_TYPE, 'x-amzn-RequestId': requestId },
      body: `<ErrorResponse xmlns="${namespace}">${content}</ErrorResponse>`,
    }
  },
}

/**
 * Requests of SQS are sent to the queue's URL, which need not be said again as a parameter.
 * Source: "Making Query API requests" (Amazon SQS Developer Guide).
 */
function withQueueOfPath(shape: Shape, path: string, input: Record<string, unknown>): Record<string, unknown> {
  const asked = path !== '/' && input.QueueUrl === undefined && shape.members.some(({ name }) => name === 'QueueUrl')
  return asked ? { ...input, QueueUrl: path } : input
}

function decodeStructure(shape: Shape, node: FormNode): Record<string, unknown> {
  const structure: Record<string, unknown> = {}
  for (const member of shape.members) {
    const child = node.children.get(member.wireName)
    if (child !== undefined) structure[member.name] = decodeNode(member, child)
  }
  return structure
}

function decodeNode(member: Member, node: FormNode): unknown {
  const { shape } = member
  switch (shape.type) {
    case 'structure':
      return decodeStructure(shape, node)
    case 'list': {
      // An empty list is sent as the bare name with no value.
      const element = shape.element as Member
      const items = member.flattened ? node : node.children.get(element.wireName)
      return items === undefined ? [] : numbered(items).map((item) => decodeNode(element, item))
    }
    case 'map':
      return decodeMap(shape, member.flattened ? node : node.children.get('entry'))
    default: {
      const value = parseScalar(shape, node.value ?? '')
      if (value === undefined) throw malformedInput(`The value of ${member.wireName} is no ${shape.type}.`)
      return value
    }
  }
}

function decodeMap(shape: Shape, node: FormNode | undefined): Record<string, unknown> {
  const key = shape.key as Member
  const value = shape.value as Member
  const map: Record<string, unknown> = Object.create(null)
  for (const entry of node === undefined ? [] : numbered(node)) {
    const name = entry.children.get(key.wireName)?.value
    const child = entry.children.get(value.wireName)
    if (name !== undefined && child !== undefined) map[name] = decodeNode(value, child)
  }
  return map
}
