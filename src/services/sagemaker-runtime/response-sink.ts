import {
  type InvocationFailure,
  type InvocationSink,
  isSuccess,
  type RunningInvocation,
} from '../../dataplane/invocation.ts'
import { freeBuffer, freeLater } from '../../shared/free-buffer.ts'
import type { AnswerStream } from './answer-stream.ts'
import { containerAnswered, failureError, type LogLocation, MAX_ORIGINAL_MESSAGE } from './errors.ts'
import { responseHeaders } from './response-headers.ts'
import { SlowClient } from './slow-client.ts'

/** Responses up to this size are answered in one write, and a container that breaks in mid-answer still gives a clean error. */
const COLLECTED_BYTES = 64 * 1024

/** What the caller sees of a response besides its body. */
export interface ResponseSettings {
  readonly location: LogLocation
  readonly variant: string
  readonly requestId: string
  readonly maxResponseBytes: number
  /** Sees the container's headers once, when its answer is a success. The answer waits for what it returns. */
  onSuccess(headers: ReadonlyMap<string, string>): Promise<unknown> | undefined
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map()

/**
 * Turns a container's response into the answer of InvokeEndpoint. `settled` resolves when the answer has been handed over,
 * and rejects with the error to answer when nothing has been written yet.
 */
export class ResponseSink implements InvocationSink {
  readonly #response: AnswerStream
  readonly #settings: ResponseSettings
  readonly #client: SlowClient
  readonly settled: Promise<void>
  #resolve!: () => void
  #reject!: (error: unknown) => void
  #running: RunningInvocation | undefined
  #status = 0
  #headers = NO_HEADERS
  #contentLength: number | undefined
  #collected: Buffer[] = []
  #collectedBytes = 0
  #streaming = false
  /** The answer has to wait for something else. */
  #held = false
  #whole = false
  /** The answer has been handed over before the end of the container's was told. */
  #answered = false
  #over = false

  constructor(response: AnswerStream, settings: ResponseSettings) {
    this.#response = response
    this.#settings = settings
    this.#client = new SlowClient(response, () => this.#running?.resume())
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Ties the answer to its invocation: when the client goes, the container's request ends. */
  attach(running: RunningInvocation): void {
    this.#running = running
    const onClose = () => {
      if (this.#response.writableFinished) return
      running.cancel()
      this.#over = true
      this.#resolve()
    }
    if (this.#response.closed) onClose()
    else this.#response.once('close', onClose)
  }

  onHead(status: number, headers: ReadonlyMap<string, string>, contentLength: number | undefined): void {
    this.#status = status
    this.#headers = headers
    this.#contentLength = contentLength
    const noted = this.#success ? this.#settings.onSuccess(headers) : undefined
    if (noted === undefined) return
    this.#held = true
    noted.then(
      () => this.#proceed(),
      (error: unknown) => {
        this.#running?.cancel()
        this.#over = true
        this.#reject(error)
      },
    )
  }

  onBody(bytes: Buffer): boolean {
    if (this.#streaming) return this.#write(Buffer.from(bytes))
    if (this.#isWhole(bytes)) return this.#answerWith(bytes)
    const limit = this.#success ? COLLECTED_BYTES : MAX_ORIGINAL_MESSAGE
    if (this.#success || this.#collectedBytes < limit) {
      this.#collected.push(Buffer.from(bytes))
      this.#collectedBytes += bytes.length
    }
    if (!this.#success || this.#collectedBytes <= limit) return true
    return !this.#held && this.#stream()
  }

  onEnd(): void {
    if (!this.#success) {
      this.#reject(
        containerAnswered(
          this.#status,
          Buffer.concat(this.#collected),
          this.#settings.location,
          this.#running?.container,
        ),
      )
    } else if (this.#answered) this.#resolve()
    else if (this.#held) this.#whole = true
    else this.#complete()
  }

  onFailure(failure: InvocationFailure, cause?: Error): void {
    this.#over = true
    if (failure === 'internal') this.#reject(cause)
    else if (this.#streaming) {
      // The status is out: only a broken connection tells the client that the body is not whole.
      this.#response.destroy()
      this.#resolve()
    } else {
      const { location, maxResponseBytes } = this.#settings
      this.#reject(failureError(failure, this.#status, location, maxResponseBytes, this.#running?.container))
    }
  }

  get #success(): boolean {
    return isSuccess(this.#status)
  }

  /** Most answers come in one piece, which need not be kept. */
  #isWhole(bytes: Buffer): boolean {
    if (this.#response.endWithLent === undefined || this.#held || !this.#success) return false
    return this.#collectedBytes === 0 && bytes.length === this.#contentLength
  }

  #answerWith(bytes: Buffer): boolean {
    this.#response.writeHead(200, this.#responseHeaders(bytes.length))
    this.#response.endWithLent?.(bytes)
    this.#answered = true
    return true
  }

  /** The answer need not wait any longer. */
  #proceed(): void {
    this.#held = false
    if (this.#over) return
    if (this.#whole) this.#complete()
    else if (this.#collectedBytes <= COLLECTED_BYTES || this.#stream()) this.#running?.resume()
  }

  /** Sends the head and what has been collected: from now on parts go out as they come. */
  #stream(): boolean {
    this.#streaming = true
    this.#response.writeHead(200, this.#responseHeaders(this.#contentLength))
    const collected = Buffer.concat(this.#collected)
    for (const part of this.#collected.splice(0)) freeBuffer(part)
    return this.#write(collected)
  }

  #complete(): void {
    if (this.#streaming) this.#response.end()
    else {
      const body = this.#collected.length === 1 ? (this.#collected[0] as Buffer) : Buffer.concat(this.#collected)
      this.#response.writeHead(200, this.#responseHeaders(body.length))
      this.#response.end(body)
    }
    this.#resolve()
  }

  /** Sends a part that nobody else has. */
  #write(part: Buffer): boolean {
    if (this.#response.write(part, freeLater(part))) return true
    this.#client.wait()
    return false
  }

  #responseHeaders(contentLength: number | undefined): string[] {
    const { requestId, variant } = this.#settings
    return responseHeaders(requestId, variant, this.#headers, contentLength)
  }
}
