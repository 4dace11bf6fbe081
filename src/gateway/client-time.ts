/** How often somebody looks at the clock at least, in milliseconds. */
const LOOK_MILLISECONDS = 500
/** More between two looks than this was a pause. */
const LONGEST_LOOK_MILLISECONDS = 1_000

/**
 * Time as clients have it, in milliseconds since whenever. While this process is held up (stopped, or its whole machine is) nobody
 * reads what they send, and they may not even be able to send it: that time is not held against them.
 */
export class ClientTime {
  readonly #clock: () => number
  #lookedAt: number
  #lost = 0

  constructor(clock: () => number) {
    this.#clock = clock
    this.#lookedAt = clock()
  }

  now(): number {
    const now = this.#clock()
    this.#lost += Math.max(0, now - this.#lookedAt - LONGEST_LOOK_MILLISECONDS)
    this.#lookedAt = now
    return now - this.#lost
  }
}

let shared: ClientTime | undefined

/** The time that all clients of this process have, in milliseconds. */
export function clientNow(): number {
  if (shared === undefined) {
    const time = new ClientTime(() => performance.now())
    setInterval(() => time.now(), LOOK_MILLISECONDS).unref()
    shared = time
  }
  return shared.now()
}

/**
 * Calls `then` once what clients have sent meanwhile has been read. Timers run before sockets are read: after a pause they would
 * judge by what had come before it. Returns what calls it off.
 */
export function afterReading(then: () => void): () => void {
  const waiting = setImmediate(then)
  return () => clearImmediate(waiting)
}
