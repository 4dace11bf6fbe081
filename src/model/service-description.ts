import { readFileSync } from 'node:fs'
import { type DescriptionFile, link } from './link.ts'

/** The services that Slipway speaks. */
export type ServiceId =
  | 'sagemaker'
  | 'sagemaker-runtime'
  | 's3'
  | 'lambda'
  | 'iam'
  | 'sts'
  | 'logs'
  | 'ecr'
  | 'kms'
  | 'cloudwatch'
  | 'sns'
  | 'sqs'
  | 'application-autoscaling'

export type ProtocolName = 'json' | 'rest-json' | 'rest-xml' | 'query' | 'smithy-rpc-v2-cbor'

type ShapeType =
  | 'structure'
  | 'list'
  | 'map'
  | 'string'
  | 'character'
  | 'boolean'
  | 'integer'
  | 'long'
  | 'float'
  | 'double'
  | 'timestamp'
  | 'blob'

export type TimestampFormat = 'iso8601' | 'rfc822' | 'unixTimestamp'

interface XmlNamespace {
  readonly uri: string
  readonly prefix?: string
}

/** A member of a structure, or the element, key or value of a list or map. */
export interface Member {
  readonly name: string
  readonly shape: Shape
  /** Where it travels when not in the body: `uri`, `querystring`, `header`, `headers` (a map by prefix), `statusCode`. */
  readonly location: 'uri' | 'querystring' | 'header' | 'headers' | 'statusCode' | undefined
  /** Its name on the wire; for `headers` the prefix. Header names are kept as published. */
  readonly wireName: string
  readonly required: boolean
  readonly flattened: boolean
  readonly streaming: boolean
  readonly xmlNamespace: XmlNamespace | undefined
  readonly xmlAttribute: boolean
  /** The member is the character data of its structure's element. */
  readonly xmlText: boolean
  readonly timestampFormat: TimestampFormat | undefined
}

export interface Shape {
  readonly name: string
  readonly type: ShapeType
  /** Of a structure, in the published order; empty otherwise. */
  readonly members: readonly Member[]
  /** The member of a structure that is the whole body. */
  readonly payload: Member | undefined
  readonly element: Member | undefined
  readonly key: Member | undefined
  readonly value: Member | undefined
  readonly min: number | undefined
  readonly max: number | undefined
  readonly pattern: string | undefined
  readonly enum: ReadonlySet<string> | undefined
  readonly flattened: boolean
  readonly sensitive: boolean
  readonly streaming: boolean
  readonly locationName: string | undefined
  readonly xmlNamespace: XmlNamespace | undefined
  readonly timestampFormat: TimestampFormat | undefined
  /** Of an exception: its code on the wire and its HTTP status. */
  readonly error: { readonly code: string; readonly status: number | undefined; readonly fault: boolean } | undefined
}

export interface OperationModel {
  readonly name: string
  /** Whether the shapes are described. Without it the operation is only known by name, to be refused by name. */
  readonly implemented: boolean
  readonly method: string
  readonly uri: string
  /** Query parameters and lower-cased headers that a request must carry; they tell operations apart. */
  readonly demandedQuery: readonly string[]
  readonly demandedHeaders: readonly string[]
  readonly status: number
  readonly input: Shape | undefined
  readonly output: Shape | undefined
  /** The root element of a request's body, where it differs from the payload's. */
  readonly inputElement: string | undefined
  readonly resultWrapper: string | undefined
  /** Whether the request's or response's body is handed over as a stream. */
  readonly streamsInput: boolean
  readonly streamsOutput: boolean
  /** Whether clients may send the body compressed with gzip; they do so from 10 KiB on. */
  readonly takesGzip: boolean
}

export interface ServiceDescription {
  readonly id: ServiceId
  readonly protocol: ProtocolName
  /** All that it speaks; the request tells which. Most services speak one. */
  readonly protocols: readonly ProtocolName[]
  /** Whether errors keep the codes of the query protocol beside the names that its newer protocols use. */
  readonly queryCompatible: boolean
  /** The same with the names that its query protocol uses, where these are others. */
  readonly queryForm: ServiceDescription | undefined
  /** Whether any operation's body may come compressed with gzip. */
  readonly takesGzip: boolean
  readonly apiVersion: string
  /** The prefix of X-Amz-Target, for the JSON protocols. */
  readonly targetPrefix: string
  readonly jsonVersion: string
  readonly signingName: string
  readonly endpointPrefix: string
  readonly xmlNamespace: string | undefined
  /** Every operation of the published API, implemented or not. */
  readonly operations: ReadonlyMap<string, OperationModel>
  readonly shapes: ReadonlyMap<string, Shape>
  /** Modelled exceptions by their code on the wire. */
  readonly errors: ReadonlyMap<string, Shape>
}

const loaded = new Map<ServiceId, ServiceDescription>()

/** The description of a service; read on first use, then kept. */
export function loadService(id: ServiceId): ServiceDescription {
  const known = loaded.get(id)
  if (known !== undefined) return known
  const text = readFileSync(new URL(`./generated/${id}.json`, import.meta.url), 'utf8')
  const description = link(JSON.parse(text) as DescriptionFile)
  loaded.set(id, description)
  return description
}

/** The described operation, or undefined when the published API has none of that name. */
export const findOperation = (description: ServiceDescription, name: string): OperationModel | undefined =>
  description.operations.get(name)
