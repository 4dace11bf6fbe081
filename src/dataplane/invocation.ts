import type { RequestBody } from './upstream/connection.ts'

/** What goes to a container. */
export interface Invocation {
  /** Header lines for the container besides Host and the framing, each `Name: value\r\n`. Values are checked before. */
  readonly headerLines: string
  readonly body: RequestBody
  /** Bytes of the body; undefined when it is streamed without a length. */
  readonly contentLength: number | undefined
  /**
   * Time the container has from the request to the end of its response, in milliseconds. It starts anew when the client
   * sends more of a streamed body, or takes more of an answer it was too slow for.
   */
  readonly timeoutMilliseconds: number
  /** Largest response, in bytes; a refusal is cut short where it becomes too long to be one. */
  readonly maxResponseBytes: number
  /** When the request arrived, on the clock of `performance.now()`; undefined where nobody counts. */
  readonly arrivedAt?: number
}

/** A container that refuses has said why by then; what it goes on saying is not waited for. */
export const MOST_REFUSAL_BYTES = 1024 * 1024

export const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** How an invocation went wrong on the way to or from the container. */
export type InvocationFailure =
  /** No instance of the variant could be reached. */
  | 'no-instance'
  | 'timed-out'
  /** The connection broke after the container may have seen the request, or the answer was no HTTP. */
  | 'broken'
  /** The response, announced or counted, is larger than allowed. */
  | 'too-large'
  /** Whoever took the response has failed: a fault of ours. */
  | 'internal'
  | OversizedHandover

/** What one container of a chain has for the next is larger than allowed. */
export interface OversizedHandover {
  readonly kind: 'handover-too-large'
  /** The containers' names. */
  readonly from: string
  readonly to: string
  /** What the first one answered with. */
  readonly status: number
  /** As many as were announced, or had come when it was too many. */
  readonly bytes: number
}

/** What becomes of the response. Calls come in the order head, parts, end; `failed` ends it at any point. */
export interface InvocationSink {
  /** Whether each part that the container sends is told by itself; else those that come together are told as one. Default false. */
  readonly separateParts?: boolean
  onHead(status: number, headers: ReadonlyMap<string, string>, contentLength: number | undefined): void
  /** The bytes are only valid during the call. Returns false to pause until `resume` of the running invocation. */
  onBody(bytes: Buffer): boolean
  /** All parts that came together have been told. Returns false to pause. Not called where they are told as one, nor after the end. */
  onTold?(): boolean
  onEnd(): void
  /** `cause` is known when it is `internal`. */
  onFailure(failure: InvocationFailure, cause?: Error): void
}

/** An invocation under way. */
export interface RunningInvocation {
  readonly instanceId: string | undefined
  /** The container of several that has answered, failed or is being waited for; undefined for a lone one. */
  readonly container: string | undefined
  resume(): void
  /** The client has gone: ends the container's request; the sink hears nothing more. */
  cancel(): void
}
