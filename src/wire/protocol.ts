import type { Readable } from 'node:stream'
import type { OperationModel, ServiceDescription } from '../model/service-description.ts'
import type { ServiceError } from './service-error.ts'

/** A request as it came in: nothing is decoded but the header names, which are lower-cased. */
export interface WireRequest {
  readonly method: string
  /** The raw path, without the query string. */
  readonly path: string
  /** The raw query string, without the question mark; empty when there is none. */
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
}

export interface WireResponse {
  readonly status: number
  readonly headers: Record<string, string>
  /** Absent for an empty body. */
  readonly body?: string | Uint8Array | Readable
}

/** The operation a request asks for, with what was read to find it. */
export interface Detected {
  readonly operation: OperationModel
  /** The labels of the path, decoded, by member name. */
  readonly labels: Readonly<Record<string, string>>
}

/** Unvalidated input: the right types, members in any combination. */
export type Input = Record<string, unknown>

/** One of AWS's wire protocols. All functions are pure; errors are thrown as ServiceError. */
export interface Protocol {
  /** Whether `detect` needs the body: the operation's name is in it. */
  readonly detectsFromBody: boolean
  /** Finds the operation; undefined when the published API has none for the request. */
  detect(description: ServiceDescription, request: WireRequest, body?: Uint8Array): Detected | undefined
  /** The error for a request whose operation was not found. */
  unknownOperation(description: ServiceDescription, request: WireRequest): ServiceError
  /** Reads the input. The body is a stream exactly when `operation.streamsInput`. */
  decode(description: ServiceDescription, detected: Detected, request: WireRequest, body: Uint8Array | Readable): Input
  encode(description: ServiceDescription, operation: OperationModel, output: unknown, requestId: string): WireResponse
  /** `resource` is the path the client asked for; only S3 shows it. */
  encodeError(description: ServiceDescription, error: ServiceError, requestId: string, resource?: string): WireResponse
}
