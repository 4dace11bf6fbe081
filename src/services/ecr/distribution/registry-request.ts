import type { Readable } from 'node:stream'
import type { WireResponse } from '../../../wire/protocol.ts'

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
  /** Epoch milliseconds. */
  readonly now: number
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
  /** Scheme, host and port as the client addressed the server. */
  readonly baseUrl: string
}

export type RegistryAnswer = WireResponse

export const headerOf = ({ headers }: RegistryRequest, name: string): string | undefined => {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

export const queryOf = (request: RegistryRequest): URLSearchParams => new URLSearchParams(request.query)
