import {
  type Invocation,
  type InvocationFailure,
  type InvocationSink,
  isSuccess,
  MOST_REFUSAL_BYTES,
  type RunningInvocation,
} from './invocation.ts'
import { requestHead } from './request-head.ts'
import type { InstanceRoute, VariantRoute } from './route.ts'
import type { BreakReason, Connection, ResponseReceiver } from './upstream/connection.ts'
import type { ConnectionPool } from './upstream/pool.ts'
import type { ResponseHead } from './upstream/response-head.ts'

/** An instance as the data plane keeps it. */
export interface Target {
  readonly pool: ConnectionPool
  /** Requests of this worker that it has not answered yet. */
  outstanding: number
  lastUse: number
  /** Called when it has answered all of them, once it is out of the routes. */
  onIdle: (() => void) | undefined
}

/** Where an invocation may go. */
export interface Targets {
  /** An instance of the variant other than those tried; undefined when there is none. */
  choose(variant: VariantRoute, tried: ReadonlySet<string>): InstanceRoute | undefined
  /** Of an instance, or of one of its containers. */
  target(at: { readonly address: string }): Target
  unreachable(instance: InstanceRoute): void
}

const NONE: ReadonlySet<string> = new Set()

/** One invocation on its way: at most one exchange at a time, a further one only while nothing was sent. */
export class Attempt implements RunningInvocation, ResponseReceiver {
  readonly #targets: Targets
  readonly #variant: VariantRoute
  readonly #invocation: Invocation
  readonly #sink: InvocationSink
  readonly #timer: NodeJS.Timeout
  #tried: Set<string> | undefined
  #connection: Connection | undefined
  #target: Target | undefined
  #instance: InstanceRoute | undefined
  readonly #startedAt = performance.now()
  #status = 0
  #received = 0
  /** Bytes of the answer that are taken. */
  #most = 0

  constructor(targets: Targets, variant: VariantRoute, invocation: Invocation, sink: InvocationSink) {
    this.#targets = targets
    this.#variant = variant
    this.#invocation = invocation
    this.#sink = sink
    this.#timer = setTimeout(() => this.#fail('timed-out'), invocation.timeoutMilliseconds)
    this.#exchange()
  }

  get separateParts(): boolean {
    return this.#sink.separateParts === true
  }

  get instanceId(): string | undefined {
    return this.#instance?.id
  }

  get container(): string | undefined {
    return this.#variant.directTo
  }

  resume(): void {
    if (this.#connection === undefined) return
    this.#timer.refresh()
    this.#connection.resume()
  }

  cancel(): void {
    const connection = this.#release()
    if (connection === undefined) return
    this.#variant.meter?.countAbandoned()
    connection.abort()
  }

  onProgress(): void {
    this.#timer.refresh()
  }

  onHead(head: ResponseHead): void {
    this.#status = head.status
    const success = isSuccess(head.status)
    this.#most = success ? this.#invocation.maxResponseBytes : MOST_REFUSAL_BYTES
    if (success && head.contentLength !== undefined && head.contentLength > this.#most) this.#fail('too-large')
    else this.#sink.onHead(head.status, head.headers, head.contentLength)
  }

  onBody(bytes: Buffer): boolean {
    this.#received += bytes.length
    if (this.#received <= this.#most) return this.#sink.onBody(bytes)
    if (isSuccess(this.#status)) this.#fail('too-large')
    else this.#end(this.#release())
    return false
  }

  onTold(): boolean {
    return this.#sink.onTold?.() ?? true
  }

  onEnd(): void {
    this.#release()
    this.#end(undefined)
  }

  /** @param cutShort the connection of an answer that has not come to its end by itself */
  #end(cutShort: Connection | undefined): void {
    cutShort?.abort()
    this.#count(true)
    this.#sink.onEnd()
  }

  onBreak(reason: BreakReason, error: Error): void {
    if (reason !== 'not-sent') return this.#fail(reason, error)
    const instance = this.#instance as InstanceRoute
    this.#targets.unreachable(instance)
    this.#dropExchange()
    this.#tried ??= new Set()
    this.#tried.add(instance.id)
    this.#exchange()
  }

  #exchange(): void {
    const instance = this.#targets.choose(this.#variant, this.#tried ?? NONE)
    if (instance === undefined) return this.#fail('no-instance')
    const target = this.#targets.target(instance)
    const connection = target.pool.take()
    target.outstanding++
    target.lastUse = this.#startedAt
    this.#instance = instance
    this.#target = target
    this.#connection = connection
    const { headerLines, contentLength, body } = this.#invocation
    connection.send(requestHead(instance.address, headerLines, contentLength), body, this)
  }

  #fail(failure: InvocationFailure, cause?: Error): void {
    this.#release()?.abort()
    this.#count(false)
    this.#sink.onFailure(failure, cause)
  }

  #count(whole: boolean): void {
    const { meter } = this.#variant
    if (meter === undefined) return
    const { arrivedAt = this.#startedAt } = this.#invocation
    meter.count(this.#status, whole, performance.now() - this.#startedAt, this.#startedAt - arrivedAt)
  }

  /** Ends the bookkeeping of this invocation and returns its connection, if it still has one. */
  #release(): Connection | undefined {
    clearTimeout(this.#timer)
    return this.#dropExchange()
  }

  #dropExchange(): Connection | undefined {
    const connection = this.#connection
    const target = this.#target
    this.#connection = undefined
    this.#target = undefined
    if (target !== undefined && --target.outstanding === 0) target.onIdle?.()
    return connection
  }
}
