import { PassThrough, type Readable } from 'node:stream'
import {
  type InvocationFailure,
  type InvocationSink,
  isSuccess,
  type RunningInvocation,
} from '../../../dataplane/invocation.ts'
import { giveAway } from '../../../shared/free-buffer.ts'

/** A container's answer: whole when it is small, else as it comes. */
export interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  /** A stream breaks with an `AnswerBroken` when the container does not bring it to an end. */
  readonly body: Uint8Array | Readable
}

/** The invocation failed, or the answer did not come to its end. */
export class AnswerBroken extends Error {
  override readonly name = 'AnswerBroken'
  readonly failure: InvocationFailure
  constructor(failure: InvocationFailure) {
    super(`the invocation failed: ${typeof failure === 'string' ? failure : failure.kind}`)
    this.failure = failure
  }
}

/** The most of an error's body that is kept. */
const MOST_ERROR_BYTES = 16 * 1024

/** Gathers an answer of up to `wholeBytes`; larger ones become a stream that the container fills no faster than it is read. */
export class AnswerSink implements InvocationSink {
  readonly answer: Promise<Answer>
  readonly #wholeBytes: number
  #resolve!: (answer: Answer) => void
  #reject!: (error: Error) => void
  #running: RunningInvocation | undefined
  #status = 0
  #headers: ReadonlyMap<string, string> = new Map()
  #parts: Buffer[] = []
  #size = 0
  #stream: PassThrough | undefined

  constructor(wholeBytes: number) {
    this.#wholeBytes = wholeBytes
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  attach(running: RunningInvocation): void {
    this.#running = running
  }

  /** Nobody wants the answer any more. */
  fail(failure: InvocationFailure): void {
    this.#running?.cancel()
    this.onFailure(failure)
  }

  onHead(status: number, headers: ReadonlyMap<string, string>): void {
    this.#status = status
    this.#headers = headers
  }

  onBody(bytes: Buffer): boolean {
    if (this.#stream !== undefined) return this.#pass(bytes)
    if (this.#success || this.#size < MOST_ERROR_BYTES) {
      this.#parts.push(Buffer.from(bytes))
      this.#size += bytes.length
    }
    if (!this.#success || this.#size <= this.#wholeBytes) return true
    // Parts come out as they went in, given away to whoever reads them: bytes that wait would be joined in memory of their own.
    const stream = new PassThrough({
      readableObjectMode: true,
      readableHighWaterMark: 2,
      writableHighWaterMark: 256 * 1024,
    })
    // Whoever reads it hears of its end; until then nobody has to.
    stream.on('error', () => {})
    stream.on('drain', () => this.#running?.resume())
    // Left by its reader before its end: the container need not go on either.
    stream.once('close', () => {
      if (!stream.writableEnded) this.#running?.cancel()
    })
    this.#stream = stream
    for (const part of this.#parts.splice(0)) stream.write(giveAway(part))
    this.#resolve({ status: this.#status, headers: this.#headers, body: stream })
    return !stream.writableNeedDrain
  }

  onEnd(): void {
    if (this.#stream !== undefined) this.#stream.end()
    else {
      const parts = this.#parts
      const body = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
      this.#resolve({ status: this.#status, headers: this.#headers, body })
    }
  }

  onFailure(failure: InvocationFailure): void {
    const error = new AnswerBroken(failure)
    this.#stream?.destroy(error)
    this.#reject(error)
  }

  get #success(): boolean {
    return isSuccess(this.#status)
  }

  #pass(bytes: Buffer): boolean {
    return (this.#stream as PassThrough).write(giveAway(Buffer.from(bytes)))
  }
}
