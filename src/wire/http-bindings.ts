import type { Member, OperationModel, Shape } from '../model/service-description.ts'
import { fromHeaderValue, toHeaderValue } from './header-text.ts'
import type { Detected, Input, WireRequest } from './protocol.ts'
import { formatScalar, parseScalar } from './scalar-text.ts'
import type { ServiceError } from './service-error.ts'

/** Makes the error for a path, query or header value that is not of its member's type. */
export type Unreadable = (member: Member, text: string) => ServiceError

/** Members of a structure by where they travel; worked out once per shape. */
interface Bindings {
  readonly labels: readonly Member[]
  readonly query: readonly Member[]
  readonly headers: readonly (Member & { readonly header: string })[]
  readonly prefixes: readonly (Member & { readonly header: string })[]
  readonly status: Member | undefined
  readonly body: readonly Member[]
}

const known = new WeakMap<Shape, Bindings>()

export function bindingsOf(shape: Shape): Bindings {
  const cached = known.get(shape)
  if (cached !== undefined) return cached
  const at = (location: Member['location']) => shape.members.filter((member) => member.location === location)
  const withHeader = (member: Member) => ({ ...member, header: member.wireName.toLowerCase() })
  const bindings = {
    labels: at('uri'),
    query: at('querystring'),
    headers: at('header').map(withHeader),
    prefixes: at('headers').map(withHeader),
    status: at('statusCode')[0],
    body: at(undefined).filter((member) => member !== shape.payload),
  }
  known.set(shape, bindings)
  return bindings
}

/** Reads what the path, the query string and the headers say. The body is left to the protocol. */
export function decodeBindings(shape: Shape, detected: Detected, request: WireRequest, unreadable: Unreadable): Input {
  const input: Input = {}
  const bindings = bindingsOf(shape)
  for (const member of bindings.labels) {
    const text = detected.labels[member.wireName]
    if (text !== undefined) input[member.name] = scalar(member, text, unreadable)
  }
  if (bindings.query.length > 0 && request.query !== '') readQuery(bindings.query, request.query, input, unreadable)
  for (const member of bindings.headers) {
    const text = request.headers[member.header]
    if (text !== undefined) input[member.name] = headerValue(member, fromHeaderValue(text), unreadable)
  }
  for (const member of bindings.prefixes) input[member.name] = prefixed(member.header, request.headers)
  return input
}

function readQuery(members: readonly Member[], query: string, input: Input, unreadable: Unreadable): void {
  const parameters = new URLSearchParams(query)
  for (const member of members) {
    const values = parameters.getAll(member.wireName)
    const [first] = values
    if (first === undefined) continue
    const { element } = member.shape
    input[member.name] =
      element === undefined
        ? scalar(member, first, unreadable)
        : values.map((text) => scalar(element, text, unreadable))
  }
}

function headerValue(member: Member, text: string, unreadable: Unreadable): unknown {
  const { element } = member.shape
  if (element === undefined) return scalar(member, text, unreadable)
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => scalar(element, part, unreadable))
}

function scalar(member: Member, text: string, unreadable: Unreadable): unknown {
  const value = parseScalar(member.shape, text)
  if (value === undefined) throw unreadable(member, text)
  return value
}

function prefixed(prefix: string, headers: WireRequest['headers']): Record<string, string> {
  const map: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) {
    if (name.length > prefix.length && name.startsWith(prefix)) map[name.slice(prefix.length)] = fromHeaderValue(value)
  }
  return map
}

/** The response's status and the headers that its members say. */
export function encodeBindings(operation: OperationModel, output: Record<string, unknown>) {
  const headers: Record<string, string> = {}
  if (operation.output === undefined) return { status: operation.status, headers }
  const bindings = bindingsOf(operation.output)
  writeHeaders(operation.output, output, headers)
  const status = bindings.status === undefined ? undefined : output[bindings.status.name]
  return { status: typeof status === 'number' ? status : operation.status, headers }
}

/** Writes the members of a structure that travel in headers, if there are any. */
export function writeHeaders(
  shape: Shape,
  source: Readonly<Record<string, unknown>>,
  headers: Record<string, string>,
): void {
  const bindings = bindingsOf(shape)
  for (const member of bindings.headers) {
    const value = source[member.name]
    if (value !== undefined && value !== null) headers[member.wireName] = toHeaderValue(headerText(member, value))
  }
  for (const member of bindings.prefixes) {
    for (const [name, value] of Object.entries((source[member.name] ?? {}) as object)) {
      headers[member.wireName + name] = toHeaderValue(String(value))
    }
  }
}

function headerText(member: Member, value: unknown): string {
  const { element } = member.shape
  if (element === undefined) return formatScalar(member, value, 'rfc822')
  return (value as unknown[]).map((entry) => formatScalar(element, entry, 'rfc822')).join(',')
}
