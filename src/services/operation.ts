import type { Principal } from '../access/principal.ts'
import type { Logger } from '../telemetry/log.ts'
import type { RequestOrigin } from './authorizer.ts'

/** What every handler knows about the request it serves, besides its input. */
export interface RequestContext {
  readonly requestId: string
  readonly principal: Principal
  /** The account whose resources plain names refer to: the principal's own. */
  readonly account: string
  readonly region: string
  /** Milliseconds since the Unix epoch, from the injected clock. */
  readonly now: number
  /** Aborts when the client has gone or the server is shutting down. */
  readonly signal: AbortSignal
  /** Scheme, host and port as the client addressed them, for links in answers: `http://127.0.0.1:8770`. */
  readonly baseUrl: string
  readonly log: Logger
  /** What policies may ask of the request itself. */
  readonly origin: RequestOrigin
}

/** One operation: validated input in, output out, ServiceError thrown. */
export type Operation<Input = never, Output = unknown> = (input: Input, context: RequestContext) => Promise<Output>

/** A service's implemented operations by name. Names the model knows and the table lacks are refused with 501. */
export type OperationTable = Readonly<Record<string, Operation>>
