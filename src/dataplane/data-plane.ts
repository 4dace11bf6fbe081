import type { Invocation, InvocationFailure, InvocationSink, RunningInvocation } from './invocation.ts'
import { chooseInstance, type InstanceRoute, type VariantRoute } from './route.ts'
import type { BreakReason, Connection } from './upstream/connection.ts'
import { ConnectionPool } from './upstream/pool.ts'
import type { ResponseHead } from './upstream/response-parser.ts'

/** An instance that refused a connection gets no requests for this long, while others take them. */
const AVOID_MILLISECONDS = 1_000
/** Pools of instances that have left every route are closed when nothing has used them for this long. */
const UNUSED_POOL_MILLISECONDS = 60_000

interface Target {
  readonly pool: ConnectionPool
  outstanding: number
  lastUse: number
}

/** Told when an instance could not be reached, so that its endpoint is looked after at once. */
export type UnreachableListener = (instance: InstanceRoute) => void

/** Sends invocations to containers: picks the instance, goes to another when one is not there, streams the answer. */
export class DataPlane {
  readonly #targets = new Map<string, Target>()
  readonly #avoided = new Map<string, number>()
  readonly #onUnreachable: UnreachableListener
  readonly #sweeper: NodeJS.Timeout

  constructor(onUnreachable: UnreachableListener) {
    this.#onUnreachable = onUnreachable
    this.#sweeper = setInterval(() => this.#sweep(), UNUSED_POOL_MILLISECONDS)
    this.#sweeper.unref()
  }

  /** Sends one invocation to an instance of `variant`. Every failure, the first included, is told to the sink. */
  invoke(
    variant: VariantRoute,
    preferred: string | undefined,
    invocation: Invocation,
    sink: InvocationSink,
  ): RunningInvocation {
    const running = new Attempt(this, variant, preferred, invocation, sink)
    running.start()
    return running
  }

  /** The instances to leave alone for now. */
  avoided(): ReadonlySet<string> {
    if (this.#avoided.size === 0) return NOTHING
    const now = performance.now()
    for (const [id, until] of this.#avoided) if (until <= now) this.#avoided.delete(id)
    return new Set(this.#avoided.keys())
  }

  avoid(instance: InstanceRoute): void {
    this.#avoided.set(instance.id, performance.now() + AVOID_MILLISECONDS)
    this.#onUnreachable(instance)
  }

  outstanding(instance: InstanceRoute): number {
    return this.#targets.get(instance.address)?.outstanding ?? 0
  }

  target(instance: InstanceRoute): Target {
    let target = this.#targets.get(instance.address)
    if (target === undefined) {
      target = { pool: new ConnectionPool(instance.address), outstanding: 0, lastUse: 0 }
      this.#targets.set(instance.address, target)
    }
    return target
  }

  close(): void {
    clearInterval(this.#sweeper)
    for (const target of this.#targets.values()) target.pool.close()
    this.#targets.clear()
  }

  #sweep(): void {
    const oldest = performance.now() - UNUSED_POOL_MILLISECONDS
    for (const [address, target] of this.#targets)
      if (target.outstanding === 0 && target.lastUse < oldest) {
        target.pool.close()
        this.#targets.delete(address)
      }
  }
}

const NOTHING: ReadonlySet<string> = new Set()

/** One invocation on its way: at most one exchange at a time, a further one only while nothing was sent. */
class Attempt implements RunningInvocation {
  readonly #plane: DataPlane
  readonly #variant: VariantRoute
  readonly #preferred: string | undefined
  readonly #invocation: Invocation
  readonly #sink: InvocationSink
  readonly #tried = new Set<string>()
  #connection: Connection | undefined
  #target: Target | undefined
  #instance: InstanceRoute | undefined
  #received = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    plane: DataPlane,
    variant: VariantRoute,
    preferred: string | undefined,
    invocation: Invocation,
    sink: InvocationSink,
  ) {
    this.#plane = plane
    this.#variant = variant
    this.#preferred = preferred
    this.#invocation = invocation
    this.#sink = sink
  }

  get instanceId(): string | undefined {
    return this.#instance?.id
  }

  start(): void {
    this.#timer = setTimeout(() => this.#fail('timed-out'), this.#invocation.timeoutMilliseconds)
    this.#exchange()
  }

  resume(): void {
    this.#connection?.resume()
  }

  cancel(): void {
    this.#release()?.abort()
  }

  #exchange(): void {
    const instance = this.#choose()
    if (instance === undefined) return this.#fail('no-instance')
    this.#tried.add(instance.id)
    const target = this.#plane.target(instance)
    const connection = target.pool.take()
    target.outstanding++
    target.lastUse = performance.now()
    this.#instance = instance
    this.#target = target
    this.#connection = connection
    connection.send(requestHead(instance, this.#invocation), this.#invocation.body, {
      onHead: (head) => this.#onHead(head),
      onBody: (bytes) => this.#onBody(bytes),
      onEnd: () => {
        this.#release()
        this.#sink.onEnd()
      },
      onBreak: (reason) => this.#onBreak(reason, instance),
    })
  }

  #choose(): InstanceRoute | undefined {
    if (this.#preferred !== undefined && !this.#tried.has(this.#preferred)) {
      const preferred = this.#variant.instances.find((instance) => instance.id === this.#preferred)
      if (preferred !== undefined) return preferred
    }
    const avoided = this.#plane.avoided()
    const avoid = this.#tried.size === 0 ? avoided : new Set([...avoided, ...this.#tried])
    const chosen = chooseInstance(this.#variant, avoid, (id) => this.#outstandingOf(id), Math.random())
    return chosen !== undefined && this.#tried.has(chosen.id) ? undefined : chosen
  }

  #outstandingOf(id: string): number {
    const instance = this.#variant.instances.find((candidate) => candidate.id === id)
    return instance === undefined ? 0 : this.#plane.outstanding(instance)
  }

  #onHead(head: ResponseHead): void {
    if (head.contentLength !== undefined && head.contentLength > this.#invocation.maxResponseBytes)
      return this.#fail('too-large')
    this.#sink.onHead(head.status, head.headers, head.contentLength)
  }

  #onBody(bytes: Buffer): boolean {
    this.#received += bytes.length
    if (this.#received > this.#invocation.maxResponseBytes) {
      this.#fail('too-large')
      return false
    }
    return this.#sink.onBody(bytes)
  }

  #onBreak(reason: BreakReason, instance: InstanceRoute): void {
    if (reason === 'broken') return this.#fail('broken')
    this.#plane.avoid(instance)
    // A streamed body has been partly consumed by now unless nothing was written; only a collected one can go again.
    if (this.#invocation.body.kind === 'stream') return this.#fail('no-instance')
    this.#dropExchange()
    this.#exchange()
  }

  #fail(failure: InvocationFailure): void {
    this.#release()?.abort()
    this.#sink.onFailure(failure)
  }

  /** Ends the bookkeeping of this invocation and returns its connection, if it still has one. */
  #release(): Connection | undefined {
    clearTimeout(this.#timer)
    return this.#dropExchange()
  }

  #dropExchange(): Connection | undefined {
    const connection = this.#connection
    if (this.#target !== undefined) this.#target.outstanding--
    this.#connection = undefined
    this.#target = undefined
    return connection
  }
}

/** The request line and headers for a container: `POST /invocations`, and nothing of the caller's but what is listed. */
function requestHead(instance: InstanceRoute, invocation: Invocation): string {
  const framing =
    invocation.contentLength === undefined
      ? 'Transfer-Encoding: chunked\r\n'
      : `Content-Length: ${invocation.contentLength}\r\n`
  return `POST /invocations HTTP/1.1\r\nHost: ${instance.address}\r\n${invocation.headerLines}${framing}\r\n`
}
