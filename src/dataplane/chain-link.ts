import { Readable } from 'node:stream'
import type { Target } from './attempt.ts'
import type { ContainerRoute } from './route.ts'
import type { BreakReason, Connection, RequestBody, ResponseReceiver } from './upstream/connection.ts'
import type { ResponseHead } from './upstream/response-head.ts'

/** Bodies up to this size are handed on in one piece, with their length: the next container sees nothing of one that breaks. */
const COLLECTED_BYTES = 64 * 1024

/** What a Content-Type may hold, as of a request: of another the next container would be blamed for not taking it. */
const PRESENTABLE = /^[\t\x20-\x7e]{1,1024}$/

/** What one container answered, for the next. */
export interface Handover {
  readonly contentType: string | undefined
  readonly body: RequestBody
  /** Undefined when it is streamed and its container did not say. */
  readonly contentLength: number | undefined
}

/** Whom a link tells what has become of its exchange. */
export interface LinkOwner {
  separateParts(link: ChainLink): boolean
  onUploadProgress(link: ChainLink): void
  /** Whether this answer is the one for the caller: the last container's, or a refusal. */
  isAnswer(link: ChainLink, status: number): boolean
  onAnswerHead(link: ChainLink, head: ResponseHead): void
  onAnswerBody(bytes: Buffer): boolean
  onAnswerTold(): boolean
  onHandover(link: ChainLink, handover: Handover): void
  /** So many bytes, announced or counted, are for the next container. False when they are too many, and all is over. */
  mayHandOver(link: ChainLink, bytes: number): boolean
  onLinkEnd(link: ChainLink): void
  onLinkBreak(link: ChainLink, reason: BreakReason, error: Error): void
}

/** The exchange with one container of a chain: its answer is collected or streamed for the next, or goes to the caller. */
export class ChainLink implements ResponseReceiver {
  readonly position: number
  readonly container: ContainerRoute
  readonly target: Target
  readonly startedAt = performance.now()
  /** The container's, 0 while it has given none. */
  status = 0
  /** Its answer is whole. */
  ended = false
  readonly #owner: LinkOwner
  #connection: Connection | undefined
  #head: ResponseHead | undefined
  #answers = false
  #received = 0
  #collected: Buffer[] = []
  #stream: Readable | undefined

  constructor(owner: LinkOwner, position: number, container: ContainerRoute, target: Target) {
    this.#owner = owner
    this.position = position
    this.container = container
    this.target = target
  }

  get separateParts(): boolean {
    return this.#owner.separateParts(this)
  }

  send(head: string, body: RequestBody): void {
    const connection = this.target.pool.take()
    this.#connection = connection
    connection.send(head, body, this)
  }

  resume(): void {
    this.#connection?.resume()
  }

  abort(): void {
    this.#connection?.abort()
    this.#connection = undefined
  }

  /** It has said enough: what has come counts as its answer. */
  cutShort(): void {
    this.abort()
    this.ended = true
    this.#owner.onLinkEnd(this)
  }

  onProgress(): void {
    this.#owner.onUploadProgress(this)
  }

  onHead(head: ResponseHead): void {
    this.status = head.status
    this.#head = head
    this.#answers = this.#owner.isAnswer(this, head.status)
    if (this.#answers) this.#owner.onAnswerHead(this, head)
    else if (head.contentLength !== undefined) this.#owner.mayHandOver(this, head.contentLength)
  }

  onBody(bytes: Buffer): boolean {
    if (this.#answers) return this.#owner.onAnswerBody(bytes)
    this.#received += bytes.length
    if (!this.#owner.mayHandOver(this, this.#received)) return false
    const part = Buffer.from(bytes)
    if (this.#stream !== undefined) return this.#stream.push(part)
    this.#collected.push(part)
    return this.#received <= COLLECTED_BYTES || this.#startStream()
  }

  onTold(): boolean {
    return !this.#answers || this.#owner.onAnswerTold()
  }

  onEnd(): void {
    this.ended = true
    this.#connection = undefined
    // What follows may end the chain, so the next has its request first.
    if (this.#stream !== undefined) this.#stream.push(null)
    else if (!this.#answers) this.#handOver({ kind: 'collected', chunks: this.#collected }, this.#received)
    this.#owner.onLinkEnd(this)
  }

  onBreak(reason: BreakReason, error: Error): void {
    this.#connection = undefined
    this.#owner.onLinkBreak(this, reason, error)
  }

  /** The next container begins with what there is, and both go at the pace of the slower. */
  #startStream(): boolean {
    const stream = new Readable({ read: () => this.#connection?.resume() })
    this.#stream = stream
    let more = true
    for (const part of this.#collected) more = stream.push(part)
    this.#collected = []
    const { contentLength } = this.#head as ResponseHead
    this.#handOver({ kind: 'stream', stream, chunked: contentLength === undefined }, contentLength)
    return more
  }

  #handOver(body: RequestBody, contentLength: number | undefined): void {
    const said = this.#head?.headers.get('content-type')
    const contentType = said !== undefined && PRESENTABLE.test(said) ? said : undefined
    this.#owner.onHandover(this, { contentType, body, contentLength })
  }
}
