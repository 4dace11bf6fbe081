import type { ServerResponse } from 'node:http'
import type { InvocationFailure, InvocationSink, RunningInvocation } from '../../dataplane/invocation.ts'
import type { ServiceError } from '../../wire/service-error.ts'
import {
  containerAnswered,
  containerBroke,
  containerTimedOut,
  type LogLocation,
  responseTooLarge,
  serviceUnavailable,
} from './errors.ts'

/** Responses up to this size are answered in one write, and a container that breaks in mid-answer still gives a clean error. */
const COLLECTED_BYTES = 64 * 1024

/** What the caller sees of a response besides its body. */
export interface ResponseSettings {
  readonly location: LogLocation
  readonly variant: string
  readonly requestId: string
  readonly maxResponseBytes: number
  /** Sees the container's headers once, when its answer is a success. */
  onSuccess(headers: ReadonlyMap<string, string>): void
}

/**
 * Turns a container's response into the answer of InvokeEndpoint. `settled` resolves when the answer has been handed over,
 * and rejects with the ServiceError to answer when nothing has been written yet.
 */
export class ResponseSink implements InvocationSink {
  readonly #response: ServerResponse
  readonly #settings: ResponseSettings
  readonly settled: Promise<void>
  #resolve: () => void = () => {}
  #reject: (error: ServiceError) => void = () => {}
  #running: RunningInvocation | undefined
  #status = 0
  #headers: ReadonlyMap<string, string> = new Map()
  #collected: Buffer[] = []
  #collectedBytes = 0
  #contentLength: number | undefined

  constructor(response: ServerResponse, settings: ResponseSettings) {
    this.#response = response
    this.#settings = settings
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Ties the answer to its invocation: when the client goes, the container's request ends. */
  attach(running: RunningInvocation): void {
    this.#running = running
    this.#response.once('close', () => {
      if (this.#response.writableFinished) return
      running.cancel()
      this.#resolve()
    })
  }

  onHead(status: number, headers: ReadonlyMap<string, string>, contentLength: number | undefined): void {
    this.#status = status
    this.#headers = headers
    this.#contentLength = contentLength
    if (this.#success) this.#settings.onSuccess(headers)
  }

  onBody(bytes: Buffer): boolean {
    if (this.#response.headersSent) return this.#write(Buffer.from(bytes))
    if (!this.#success && this.#collectedBytes >= COLLECTED_BYTES) return true
    this.#collected.push(Buffer.from(bytes))
    this.#collectedBytes += bytes.length
    if (!this.#success || this.#collectedBytes <= COLLECTED_BYTES) return true
    this.#response.writeHead(200, this.#responseHeaders(this.#contentLength))
    const collected = this.#collected
    this.#collected = []
    let more = true
    for (const part of collected) more = this.#write(part)
    return more
  }

  onEnd(): void {
    if (!this.#success) {
      const body = Buffer.concat(this.#collected)
      this.#reject(containerAnswered(this.#status, body, this.#settings.location))
      return
    }
    if (this.#response.headersSent) this.#response.end()
    else {
      const body = this.#collected.length === 1 ? (this.#collected[0] as Buffer) : Buffer.concat(this.#collected)
      this.#response.writeHead(200, this.#responseHeaders(body.length))
      this.#response.end(body)
    }
    this.#resolve()
  }

  onFailure(failure: InvocationFailure): void {
    if (this.#response.headersSent) {
      // The status is out: only a broken connection tells the client that the body is not whole.
      this.#response.destroy()
      this.#resolve()
    } else this.#reject(this.#failureError(failure))
  }

  get #success(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  #write(part: Buffer): boolean {
    if (this.#response.write(part)) return true
    this.#response.once('drain', () => this.#running?.resume())
    return false
  }

  #failureError(failure: InvocationFailure): ServiceError {
    const { location, maxResponseBytes } = this.#settings
    if (failure === 'timed-out') return containerTimedOut(location)
    if (failure === 'too-large') return responseTooLarge(maxResponseBytes, location)
    if (failure === 'no-instance')
      return serviceUnavailable(
        `No instance of endpoint ${location.endpoint} could be reached. Try again; if it persists, see the endpoint's logs.`,
      )
    return containerBroke(this.#status, location)
  }

  #responseHeaders(contentLength: number | undefined): Record<string, string | number> {
    const headers: Record<string, string | number> = {
      'x-amzn-RequestId': this.#settings.requestId,
      'x-Amzn-Invoked-Production-Variant': this.#settings.variant,
    }
    const contentType = this.#headers.get('content-type')
    if (contentType !== undefined) headers['Content-Type'] = contentType
    for (const [name, shown] of RETURNED) {
      const value = this.#headers.get(name)
      if (value !== undefined) headers[shown] = value
    }
    if (contentLength !== undefined) headers['Content-Length'] = contentLength
    return headers
  }
}

/** The container's headers that reach the caller; all others are dropped. */
const RETURNED: readonly (readonly [name: string, shown: string])[] = [
  ['x-amzn-sagemaker-custom-attributes', 'X-Amzn-SageMaker-Custom-Attributes'],
  ['x-amzn-sagemaker-new-session-id', 'X-Amzn-SageMaker-New-Session-Id'],
  ['x-amzn-sagemaker-closed-session-id', 'X-Amzn-SageMaker-Closed-Session-Id'],
]
