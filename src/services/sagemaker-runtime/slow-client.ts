import type { AnswerStream } from './answer-stream.ts'

/** Waits for a client that takes an answer more slowly than it comes: once, though one read of a container may hold thousands of parts. */
export class SlowClient {
  readonly #response: Pick<AnswerStream, 'once'>
  readonly #onDrained: () => void
  #waits = false

  /** Calls `onDrained` when the client has taken what it was waited for. */
  constructor(response: Pick<AnswerStream, 'once'>, onDrained: () => void) {
    this.#response = response
    this.#onDrained = onDrained
  }

  wait(): void {
    if (this.#waits) return
    this.#waits = true
    this.#response.once('drain', () => {
      this.#waits = false
      this.#onDrained()
    })
  }
}
