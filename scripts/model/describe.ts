import type { ServiceDefinition } from '../services.ts'
import type { DefinedMember, DefinedShape, Definition, Source } from './definition.ts'
import type { Reach } from './reach.ts'

type Json = Record<string, unknown>

const MEMBER_TRAITS = [
  'location',
  'locationName',
  'flattened',
  'xmlNamespace',
  'xmlAttribute',
  'xmlText',
  'streaming',
  'jsonvalue',
  'timestampFormat',
  'idempotencyToken',
  'queryName',
  'eventpayload',
  'eventheader',
]

const SHAPE_TRAITS = [
  'min',
  'max',
  'pattern',
  'enum',
  'required',
  'payload',
  'flattened',
  'locationName',
  'xmlNamespace',
  'timestampFormat',
  'streaming',
  'sensitive',
  'union',
  'exception',
  'event',
  'eventstream',
]

/**
 * The run-time description of a service: how its requests look on the wire and what its members must satisfy.
 * Documentation is left out. Operations that are not listed keep only what is needed to recognise them.
 */
export function describe(source: Source, service: ServiceDefinition, definition: Definition, reached: Reach): string {
  const listed = new Set(service.operations)
  const operations = Object.keys(definition.operations)
    .sort()
    .map((name) => [name, describeOperation(definition, name, listed.has(name))] as const)
  const shapes = reached.all.map((name) => [name, describeShape(definition.shapes[name] as DefinedShape)] as const)
  const metadata = describeMetadata(service, definition.metadata)
  return [
    '{',
    `"source":${JSON.stringify(`botocore ${source.version}`)},`,
    `"metadata":${JSON.stringify(metadata)},`,
    `"operations":{\n${lines(operations)}\n},`,
    `"shapes":{\n${lines(shapes)}\n}`,
    '}\n',
  ].join('\n')
}

// One entry a line, so that a new definition gives a readable difference.
const lines = (entries: readonly (readonly [string, unknown])[]): string =>
  entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',\n')

function describeMetadata(service: ServiceDefinition, metadata: Json): Json {
  const namespace = metadata.xmlNamespace
  const protocols = (metadata.protocols ?? []) as readonly string[]
  return {
    id: service.id,
    protocol: metadata.protocol,
    ...(protocols.length > 1 ? { protocols } : {}),
    ...(metadata.awsQueryCompatible === undefined ? {} : { queryCompatible: true }),
    ...(metadata.queryNames === true ? { queryNames: true } : {}),
    apiVersion: metadata.apiVersion,
    ...pick(metadata, ['jsonVersion', 'targetPrefix', 'serviceId', 'endpointPrefix']),
    signingName: metadata.signingName ?? metadata.endpointPrefix,
    ...(namespace === undefined ? {} : { xmlNamespace: namespace }),
  }
}

function describeOperation(definition: Definition, name: string, listed: boolean): Json {
  const operation = definition.operations[name]
  if (operation === undefined) throw new Error(`The definition has no operation ${name}.`)
  const { protocol } = definition.metadata
  const routed = protocol === 'rest-json' || protocol === 'rest-xml'
  return {
    ...(routed ? { method: operation.http.method, uri: operation.http.requestUri, ...demands(definition, name) } : {}),
    ...(listed
      ? {
          implemented: true,
          ...(operation.http.responseCode === undefined ? {} : { status: operation.http.responseCode }),
          ...(operation.input === undefined ? {} : { input: operation.input.shape }),
          ...(operation.input?.locationName === undefined ? {} : { inputElement: operation.input.locationName }),
          ...(operation.output === undefined ? {} : { output: operation.output.shape }),
          ...(operation.output?.resultWrapper === undefined ? {} : { resultWrapper: operation.output.resultWrapper }),
          ...(operation.requestcompression?.encodings.includes('gzip') === true ? { takesGzip: true } : {}),
          ...((operation.errors ?? []).length === 0 ? {} : { errors: operation.errors?.map((error) => error.shape) }),
        }
      : {}),
  }
}

/** The query parameters and headers a request must carry: they tell apart operations of the same method and path. */
function demands(definition: Definition, name: string): Json {
  const shape = definition.shapes[definition.operations[name]?.input?.shape ?? '']
  const required = (shape?.required ?? [])
    .map((member) => shape?.members?.[member])
    .filter((member) => member !== undefined)
  const at = (location: string) =>
    required.filter((member) => member.location === location).map((member) => member.locationName as string)
  const query = at('querystring')
  const headers = at('header').map((header) => header.toLowerCase())
  return { ...(query.length === 0 ? {} : { query }), ...(headers.length === 0 ? {} : { headers }) }
}

function describeShape(shape: DefinedShape): Json {
  return {
    type: shape.type,
    ...pick(shape, SHAPE_TRAITS),
    ...(shape.error === undefined ? {} : { error: shape.error }),
    ...(shape.fault === true ? { fault: true } : {}),
    ...(shape.members === undefined
      ? {}
      : { members: Object.fromEntries(Object.entries(shape.members).map(([k, v]) => [k, describeMember(v)])) }),
    ...(shape.member === undefined ? {} : { member: describeMember(shape.member) }),
    ...(shape.key === undefined ? {} : { key: describeMember(shape.key) }),
    ...(shape.value === undefined ? {} : { value: describeMember(shape.value) }),
  }
}

function describeMember(member: DefinedMember): Json | string {
  const traits = pick(member, MEMBER_TRAITS)
  return Object.keys(traits).length === 0 ? member.shape : { shape: member.shape, ...traits }
}

function pick(from: Json, names: readonly string[]): Json {
  const picked: Json = {}
  for (const name of names) {
    const value = from[name]
    const empty = value === undefined || value === false || (Array.isArray(value) && value.length === 0)
    if (!empty) picked[name] = value
  }
  return picked
}
