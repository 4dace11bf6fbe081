import type {
  Member,
  OperationModel,
  ProtocolName,
  ServiceDescription,
  ServiceId,
  Shape,
} from './service-description.ts'

/** A generated description as the file holds it: shapes refer to each other by name. */
export interface DescriptionFile {
  readonly metadata: {
    readonly id: ServiceId
    readonly protocol: ProtocolName
    readonly protocols?: readonly ProtocolName[]
    readonly queryCompatible?: boolean
    /** Whether members have a `queryName` in the query protocol. */
    readonly queryNames?: boolean
    readonly apiVersion: string
    readonly jsonVersion?: string
    readonly targetPrefix?: string
    readonly signingName: string
    readonly endpointPrefix: string
    readonly xmlNamespace?: string
  }
  readonly operations: Readonly<Record<string, OperationEntry>>
  readonly shapes: Readonly<Record<string, ShapeEntry>>
}

interface OperationEntry {
  readonly method?: string
  readonly uri?: string
  readonly query?: readonly string[]
  readonly headers?: readonly string[]
  readonly implemented?: boolean
  readonly status?: number
  readonly input?: string
  readonly inputElement?: string
  readonly output?: string
  readonly resultWrapper?: string
  readonly takesGzip?: boolean
}

type MemberEntry =
  | string
  | ({ readonly shape: string } & Partial<Omit<Member, 'name' | 'shape' | 'required'>> & {
        readonly locationName?: string
        readonly queryName?: string
      })

interface ShapeEntry
  extends Partial<
    Pick<
      Shape,
      | 'min'
      | 'max'
      | 'pattern'
      | 'flattened'
      | 'sensitive'
      | 'streaming'
      | 'locationName'
      | 'xmlNamespace'
      | 'timestampFormat'
    >
  > {
  readonly type: Shape['type']
  readonly enum?: readonly string[]
  readonly required?: readonly string[]
  readonly payload?: string
  readonly members?: Readonly<Record<string, MemberEntry>>
  readonly member?: MemberEntry
  readonly key?: MemberEntry
  readonly value?: MemberEntry
  readonly exception?: boolean
  readonly fault?: boolean
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number; readonly senderFault?: boolean }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Turns names into references, so that no request has to look anything up. */
export function link(file: DescriptionFile): ServiceDescription {
  const queryForm = file.metadata.queryNames === true ? linkForm(inQueryForm(file), undefined) : undefined
  return linkForm(file, queryForm)
}

/** The file with the names of the query protocol, whose answers have each operation's own element in them. */
function inQueryForm(file: DescriptionFile): DescriptionFile {
  const named = (entry: MemberEntry): MemberEntry =>
    typeof entry === 'string' ? entry : { ...entry, locationName: entry.queryName ?? entry.locationName }
  const shapes = Object.entries(file.shapes).map(([name, shape]) => {
    const members = Object.entries(shape.members ?? {}).map(([member, entry]) => [member, named(entry)] as const)
    return [name, { ...shape, ...(shape.members !== undefined && { members: Object.fromEntries(members) }) }] as const
  })
  const operations = Object.entries(file.operations).map(
    ([name, entry]) =>
      [name, { ...entry, ...(entry.output !== undefined && { resultWrapper: `${name}Result` }) }] as const,
  )
  return { ...file, shapes: Object.fromEntries(shapes), operations: Object.fromEntries(operations) }
}

function linkForm(file: DescriptionFile, queryForm: ServiceDescription | undefined): ServiceDescription {
  const { metadata } = file
  const shapes = linkShapes(file.shapes)
  const operations = Object.entries(file.operations).map(
    ([name, entry]) => [name, linkOperation(name, entry, shapes)] as const,
  )
  const errors = [...shapes.values()].filter((shape) => shape.error !== undefined)
  return {
    id: metadata.id,
    protocol: metadata.protocol,
    protocols: metadata.protocols ?? [metadata.protocol],
    queryCompatible: metadata.queryCompatible === true,
    queryForm,
    apiVersion: metadata.apiVersion,
    targetPrefix: metadata.targetPrefix ?? '',
    jsonVersion: metadata.jsonVersion ?? '1.1',
    signingName: metadata.signingName,
    endpointPrefix: metadata.endpointPrefix,
    xmlNamespace: metadata.xmlNamespace,
    takesGzip: operations.some(([, operation]) => operation.takesGzip),
    operations: new Map(operations),
    shapes,
    errors: new Map(errors.map((shape) => [shape.error?.code ?? shape.name, shape])),
  }
}

function linkShapes(entries: DescriptionFile['shapes']): ReadonlyMap<string, Shape> {
  const shapes = new Map<string, Writable<Shape>>()
  for (const [name, entry] of Object.entries(entries)) shapes.set(name, bareShape(name, entry))
  // A second pass, because shapes may refer to each other in circles.
  for (const [name, entry] of Object.entries(entries)) {
    const shape = shapes.get(name) as Writable<Shape>
    const required = new Set(entry.required)
    const members = Object.entries(entry.members ?? {})
    shape.members = members.map(([key, member]) => linkMember(key, member, required.has(key), shapes))
    shape.payload = shape.members.find((member) => member.name === entry.payload)
    if (entry.member !== undefined) shape.element = linkMember('member', entry.member, false, shapes)
    if (entry.key !== undefined) shape.key = linkMember('key', entry.key, false, shapes)
    if (entry.value !== undefined) shape.value = linkMember('value', entry.value, false, shapes)
  }
  return shapes
}

function bareShape(name: string, entry: ShapeEntry): Writable<Shape> {
  const isError = entry.exception === true || entry.error !== undefined
  return {
    name,
    type: entry.type,
    members: [],
    payload: undefined,
    element: undefined,
    key: undefined,
    value: undefined,
    min: entry.min,
    max: entry.max,
    pattern: entry.pattern,
    enum: entry.enum === undefined ? undefined : new Set(entry.enum),
    flattened: entry.flattened === true,
    sensitive: entry.sensitive === true,
    streaming: entry.streaming === true,
    locationName: entry.locationName,
    xmlNamespace: entry.xmlNamespace,
    timestampFormat: entry.timestampFormat,
    error: isError
      ? { code: entry.error?.code ?? name, status: entry.error?.httpStatusCode, fault: entry.fault === true }
      : undefined,
  }
}

function linkMember(name: string, entry: MemberEntry, required: boolean, shapes: ReadonlyMap<string, Shape>): Member {
  const traits = typeof entry === 'string' ? { shape: entry } : entry
  const shape = shapes.get(traits.shape)
  if (shape === undefined) throw new Error(`The description lacks shape ${traits.shape}.`)
  return {
    name,
    shape,
    location: traits.location,
    wireName: traits.locationName ?? name,
    required,
    flattened: traits.flattened === true || shape.flattened,
    streaming: traits.streaming === true || shape.streaming,
    xmlNamespace: traits.xmlNamespace ?? shape.xmlNamespace,
    xmlAttribute: traits.xmlAttribute === true,
    xmlText: traits.xmlText === true,
    timestampFormat: traits.timestampFormat ?? shape.timestampFormat,
  }
}

function linkOperation(name: string, entry: OperationEntry, shapes: ReadonlyMap<string, Shape>): OperationModel {
  const input = entry.input === undefined ? undefined : shapes.get(entry.input)
  const output = entry.output === undefined ? undefined : shapes.get(entry.output)
  return {
    name,
    implemented: entry.implemented === true,
    method: entry.method ?? 'POST',
    uri: entry.uri ?? '/',
    demandedQuery: entry.query ?? [],
    demandedHeaders: entry.headers ?? [],
    status: entry.status ?? 200,
    input,
    output,
    inputElement: entry.inputElement,
    resultWrapper: entry.resultWrapper,
    streamsInput: input?.payload?.streaming === true,
    streamsOutput: output?.payload?.streaming === true,
    takesGzip: entry.takesGzip === true,
  }
}
