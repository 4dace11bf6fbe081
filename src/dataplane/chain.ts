import type { Target, Targets } from './attempt.ts'
import { ChainLink, type Handover, type LinkOwner } from './chain-link.ts'
import {
  type Invocation,
  type InvocationFailure,
  type InvocationSink,
  isSuccess,
  MOST_REFUSAL_BYTES,
  type RunningInvocation,
} from './invocation.ts'
import { requestHead } from './request-head.ts'
import type { ContainerRoute, InstanceRoute, VariantRoute } from './route.ts'
import type { BreakReason, RequestBody } from './upstream/connection.ts'
import type { ResponseHead } from './upstream/response-head.ts'

/** The largest body from one container to the next. Source: "Inference pipelines in Amazon SageMaker AI" (developer guide). */
const MAX_HANDOVER_BYTES = 5 * 1024 * 1024

const NONE: ReadonlySet<string> = new Set()
const CONTENT_TYPE = /^Content-Type: .*\r\n/m

/**
 * One invocation on its way through the containers of an instance: what one answers is the request of the next, and the
 * last one's answer is the caller's. A large answer is passed on while it comes. The instance is chosen once; another may
 * be tried only while the first container cannot have seen anything. Whoever does not answer with 2xx ends the chain.
 */
export class Chain implements RunningInvocation, LinkOwner {
  readonly #targets: Targets
  readonly #variant: VariantRoute
  readonly #invocation: Invocation
  readonly #sink: InvocationSink
  readonly #timer: NodeJS.Timeout
  readonly #startedAt = performance.now()
  #tried: Set<string> | undefined
  #instance: InstanceRoute | undefined
  /** Stands for the whole instance: it owes an answer until the chain is over. */
  #holder: Target | undefined
  #links: ChainLink[] = []
  #answering: ChainLink | undefined
  #culprit: ChainLink | undefined
  #received = 0
  #over = false

  constructor(targets: Targets, variant: VariantRoute, invocation: Invocation, sink: InvocationSink) {
    this.#targets = targets
    this.#variant = variant
    this.#invocation = invocation
    this.#sink = sink
    this.#timer = setTimeout(() => this.#fail('timed-out', this.#awaited()), invocation.timeoutMilliseconds)
    this.#begin()
  }

  get instanceId(): string | undefined {
    return this.#instance?.id
  }

  get container(): string | undefined {
    return (this.#culprit ?? this.#answering ?? this.#links.at(-1))?.container.name
  }

  resume(): void {
    if (this.#over) return
    this.#timer.refresh()
    this.#answering?.resume()
  }

  cancel(): void {
    if (this.#over) return
    this.#countCutOff()
    this.#finish()
    this.#variant.meter?.countAbandoned()
  }

  /** The caller's body takes as long as the caller; what containers send each other is their own time. */
  onUploadProgress(link: ChainLink): void {
    if (link.position === 0) this.#timer.refresh()
  }

  separateParts({ position }: ChainLink): boolean {
    return this.#sink.separateParts === true && position === this.#containers().length - 1
  }

  isAnswer({ position }: ChainLink, status: number): boolean {
    return position === this.#containers().length - 1 || !isSuccess(status)
  }

  onAnswerHead(link: ChainLink, { status, headers, contentLength }: ResponseHead): void {
    this.#answering = link
    const { maxResponseBytes } = this.#invocation
    if (isSuccess(status) && contentLength !== undefined && contentLength > maxResponseBytes)
      this.#fail('too-large', link)
    else this.#sink.onHead(status, headers, contentLength)
  }

  onAnswerBody(bytes: Buffer): boolean {
    this.#received += bytes.length
    const link = this.#answering as ChainLink
    const success = isSuccess(link.status)
    if (this.#received <= (success ? this.#invocation.maxResponseBytes : MOST_REFUSAL_BYTES))
      return this.#sink.onBody(bytes)
    if (success) this.#fail('too-large', link)
    else link.cutShort()
    return false
  }

  onAnswerTold(): boolean {
    return this.#sink.onTold?.() ?? true
  }

  mayHandOver(link: ChainLink, bytes: number): boolean {
    if (bytes <= MAX_HANDOVER_BYTES) return true
    const next = this.#containers()[link.position + 1] as ContainerRoute
    this.#fail(
      { kind: 'handover-too-large', from: link.container.name, to: next.name, status: link.status, bytes },
      link,
    )
    return false
  }

  onHandover({ position }: ChainLink, { contentType, body, contentLength }: Handover): void {
    const lines = this.#invocation.headerLines.replace(CONTENT_TYPE, '')
    const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`
    this.#open(position + 1, `${type}${lines}`, body, contentLength)
  }

  onLinkEnd(link: ChainLink): void {
    this.#count(link, true)
    if (link.position > 0) release(link.target)
    if (link !== this.#answering) return
    this.#countCutOff()
    this.#finish()
    this.#countAll(link.status, true)
    this.#sink.onEnd()
  }

  onLinkBreak(link: ChainLink, reason: BreakReason, error: Error): void {
    const instance = this.#instance as InstanceRoute
    if (reason === 'not-sent') this.#targets.unreachable(instance)
    if (reason === 'internal') return this.#fail('internal', link, error)
    if (reason === 'broken' || link.position > 0) return this.#fail('broken', link)
    release(this.#holder as Target)
    this.#holder = undefined
    this.#links = []
    this.#tried ??= new Set()
    this.#tried.add(instance.id)
    this.#begin()
  }

  #begin(): void {
    const instance = this.#targets.choose(this.#variant, this.#tried ?? NONE)
    if (instance === undefined) return this.#fail('no-instance', undefined)
    this.#instance = instance
    this.#holder = this.#targets.target(instance)
    this.#holder.outstanding++
    const { headerLines, body, contentLength } = this.#invocation
    this.#open(0, headerLines, body, contentLength)
  }

  #open(position: number, headerLines: string, body: RequestBody, contentLength: number | undefined): void {
    const container = this.#containers()[position] as ContainerRoute
    const target = this.#targets.target(container)
    // The first container's target is the holder, and counted.
    if (position > 0) target.outstanding++
    target.lastUse = this.#startedAt
    const link = new ChainLink(this, position, container, target)
    this.#links.push(link)
    link.send(requestHead(container.address, headerLines, contentLength), body)
  }

  #containers(): readonly ContainerRoute[] {
    return this.#instance?.containers ?? []
  }

  /** The container that everybody waits for: the first whose answer is not whole. */
  #awaited(): ChainLink | undefined {
    return this.#links.find(({ ended }) => !ended)
  }

  #fail(failure: InvocationFailure, culprit: ChainLink | undefined, cause?: Error): void {
    if (this.#over) return
    this.#culprit = culprit
    this.#countCutOff()
    this.#finish()
    if (culprit !== undefined) this.#count(culprit, false)
    this.#countAll(culprit?.status ?? 0, false)
    this.#sink.onFailure(failure, cause)
  }

  /** Ends every exchange that is still under way, and the bookkeeping. */
  #finish(): void {
    this.#over = true
    clearTimeout(this.#timer)
    for (const link of this.#links) {
      if (link.ended) continue
      link.abort()
      if (link.position > 0) release(link.target)
    }
    if (this.#holder !== undefined) release(this.#holder)
    this.#holder = undefined
  }

  #meterOf({ position }: ChainLink) {
    return this.#variant.containers?.[position]?.meter
  }

  /** Those that are cut off although they have done nothing wrong have been invoked all the same. */
  #countCutOff(): void {
    for (const link of this.#links) if (!link.ended && link !== this.#culprit) this.#meterOf(link)?.countAbandoned()
  }

  #count(link: ChainLink, whole: boolean): void {
    this.#meterOf(link)?.count(link.status, whole, performance.now() - link.startedAt)
  }

  #countAll(status: number, whole: boolean): void {
    const { arrivedAt = this.#startedAt } = this.#invocation
    const overhead = this.#startedAt - arrivedAt
    this.#variant.meter?.count(status, whole, performance.now() - this.#startedAt, overhead)
  }
}

function release(target: Target): void {
  if (--target.outstanding === 0) target.onIdle?.()
}
