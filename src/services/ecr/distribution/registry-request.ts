import type { Readable } from 'node:stream'
import type { WireResponse } from '../../../wire/protocol.ts'
import type { RequestOrigin } from '../../authorizer.ts'

/** A request to the registry's HTTP API, as the gateway hands it over. */
export interface RegistryRequest {
  readonly method: string
  /** As sent, without the query. */
  readonly path: string
  /** As sent, without the question mark. */
  readonly query: string
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Begins to take the body in. Nobody need call it. */
  readonly body: () => Readable
  /** The whole of a small body. Rejects with BodyTooLargeError above `limit` bytes, and with BodyTooSlowError. */
  readonly collect: (limit: number) => Promise<Buffer>
  /** Epoch milliseconds. */
  readonly now: number
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
  /** Scheme, host and port as the client addressed the server. */
  readonly baseUrl: string
  /** What policies may ask of the request; its region is that of the repository. */
  readonly origin: Omit<RequestOrigin, 'region'>
}

export type RegistryAnswer = WireResponse

export const headerOf = ({ headers }: RegistryRequest, name: string): string | undefined => {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

export const queryOf = (request: RegistryRequest): URLSearchParams => new URLSearchParams(request.query)
