import {
  type InvocationFailure,
  type InvocationSink,
  isSuccess,
  type RunningInvocation,
} from '../../dataplane/invocation.ts'
import type { AnswerStream } from './answer-stream.ts'
import { containerAnswered, failureError, MAX_ORIGINAL_MESSAGE, oversizedHandover } from './errors.ts'
import { EventBatch } from './event-batch.ts'
import { streamHeaders } from './response-headers.ts'
import type { ResponseSettings } from './response-sink.ts'
import { SlowClient } from './slow-client.ts'
import { internalFailureEvent, modelStreamErrorEvent } from './stream-events.ts'

/**
 * Turns a container's response into the event stream of InvokeEndpointWithResponseStream: a part goes out in the tick it
 * has come in. `settled` resolves when the stream has been handed over, and rejects with the error to answer when
 * nothing has been written yet. What goes wrong later is told in the stream itself.
 */
export class StreamSink implements InvocationSink {
  /** Each is an event of its own: clients that were written for one model know how it divides what it says. */
  readonly separateParts = true
  readonly #response: AnswerStream
  readonly #settings: ResponseSettings
  readonly #client: SlowClient
  readonly #events: EventBatch
  readonly settled: Promise<void>
  #resolve!: () => void
  #reject!: (error: unknown) => void
  #running: RunningInvocation | undefined
  #status = 0
  #collected: Buffer[] = []
  #collectedBytes = 0
  /** Why the stream was ended, when that was a fault of ours. */
  #cause: Error | undefined

  constructor(response: AnswerStream, settings: ResponseSettings) {
    this.#response = response
    this.#settings = settings
    this.#events = new EventBatch(response)
    this.#client = new SlowClient(response, () => this.#running?.resume())
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Ties the stream to its invocation: when the client goes, the container's request ends. */
  attach(running: RunningInvocation): void {
    this.#running = running
    const onClose = () => {
      if (!this.#response.writableFinished) running.cancel()
      // What went wrong here is told to the log once the client has been told.
      if (this.#cause === undefined) this.#resolve()
      else this.#reject(this.#cause)
    }
    if (this.#response.closed) onClose()
    else this.#response.once('close', onClose)
  }

  onHead(status: number, headers: ReadonlyMap<string, string>): void {
    this.#status = status
    if (!this.#success) return
    this.#settings.onSuccess(headers)?.catch((error: Error) => {
      // A session that could not be noted will not be found: who has been told of it must not go on.
      this.#running?.cancel()
      this.onFailure('internal', error)
    })
    const { requestId, variant } = this.#settings
    this.#response.writeHead(200, streamHeaders(requestId, variant, headers))
    // A model may think for long before its first word; that it has begun is news.
    this.#response.flushHeaders()
  }

  onBody(bytes: Buffer): boolean {
    if (this.#success) return this.#send(bytes)
    if (this.#collectedBytes < MAX_ORIGINAL_MESSAGE) {
      this.#collected.push(Buffer.from(bytes))
      this.#collectedBytes += bytes.length
    }
    return true
  }

  /** Parts that come in one read go out in one write: a model in a hurry costs no more than one that pauses. */
  onTold(): boolean {
    return this.#events.flush() || this.#goesOn()
  }

  onEnd(): void {
    if (this.#success) {
      this.#events.flush()
      this.#response.end()
    } else
      this.#reject(
        containerAnswered(
          this.#status,
          Buffer.concat(this.#collected),
          this.#settings.location,
          this.#running?.container,
        ),
      )
  }

  onFailure(failure: InvocationFailure, cause?: Error): void {
    const { location, maxResponseBytes } = this.#settings
    if (this.#response.headersSent) this.#endWith(failure, cause)
    else if (failure === 'internal') this.#reject(cause)
    else this.#reject(failureError(failure, this.#status, location, maxResponseBytes, this.#running?.container))
  }

  #endWith(failure: InvocationFailure, cause: Error | undefined): void {
    if (this.#response.writableFinished || this.#response.closed) return
    this.#events.flush()
    if (failure === 'internal') {
      this.#cause = cause
      this.#response.write(internalFailureEvent())
    } else if (failure === 'timed-out') {
      const sentence = 'The model did not finish its response in the time it is given.'
      this.#response.write(modelStreamErrorEvent('ModelInvocationTimeExceeded', sentence))
    } else {
      const sentence =
        typeof failure === 'string'
          ? 'The connection to the model broke before its response was complete.'
          : oversizedHandover(failure)
      this.#response.write(modelStreamErrorEvent('StreamBroken', sentence))
    }
    this.#response.end()
  }

  get #success(): boolean {
    return isSuccess(this.#status)
  }

  #send(bytes: Buffer): boolean {
    return this.#events.add(bytes) || this.#goesOn()
  }

  #goesOn(): boolean {
    if (!this.#response.writableNeedDrain) return true
    this.#client.wait()
    return false
  }
}
