/** The first wait, in milliseconds; each further one is twice as long. */
const FIRST = 500
const MOST = 60_000
/** For each request that waits, so that trying them again takes no more than about half of the time. */
const EACH = 1_000
const MOST_OF_ALL = 120_000
/** Beyond so many, those that have waited longest are simply taken again. */
const MOST_HELD = 1_000

interface Deferral {
  readonly times: number
  readonly until: number
}

/**
 * The requests of one instance that were put back because of what is wrong with storage. Each waits longer each time before it is
 * taken again: one object that cannot be read keeps no slot from those behind it. They are known to this instance alone and
 * forgotten with it, which costs another try. Times are milliseconds of any clock that does not go back.
 */
export class Deferrals {
  readonly #deferred = new Map<string, Deferral>()

  put(requestId: string, now: number): void {
    const times = (this.#deferred.get(requestId)?.times ?? 0) + 1
    this.#deferred.delete(requestId)
    const backoff = Math.min(MOST, FIRST * 2 ** (times - 1))
    const fair = Math.min(MOST_OF_ALL, EACH * this.held(now).length)
    this.#deferred.set(requestId, { times, until: now + Math.max(backoff, fair) })
    if (this.#deferred.size <= MOST_HELD) return
    for (const oldest of this.#deferred.keys()) if (this.#deferred.delete(oldest)) return
  }

  /** A request has been answered. If it had been put back before, what was wrong is over: the others are taken again at once. */
  answered(requestId: string): void {
    if (!this.#deferred.delete(requestId)) return
    for (const [id, { times }] of this.#deferred) this.#deferred.set(id, { times, until: 0 })
  }

  /** A request has left the queue, which says nothing of storage. */
  forget(requestId: string): void {
    this.#deferred.delete(requestId)
  }

  /** Those that are not to be taken yet. */
  held(now: number): readonly string[] {
    const held: string[] = []
    for (const [id, { until }] of this.#deferred) if (until > now) held.push(id)
    return held
  }
}
