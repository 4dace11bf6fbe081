/** How many requests an instance may have at once. */
export interface ConcurrencyLimit {
  readonly current: number
  /** A request is over. `crowded`: there were more waiting than slots while it ran. `ok`: the container dealt with it. */
  note(outcome: { readonly crowded: boolean; readonly ok: boolean }, now: number): void
}

/** The limit that the config names. */
export const fixedLimit = (limit: number): ConcurrencyLimit => ({ current: limit, note: () => {} })

const FIRST = 4
const MOST = 256
/** A limit is judged by so many requests, over at least so many milliseconds. */
const WINDOW_REQUESTS = 20
const WINDOW_MILLISECONDS = 100
/** Growing must bring a fifth of itself in throughput, or it is taken back: a tenth more for half as many requests again. */
const WORTHWHILE = 0.2
/** After having been taken back, so many windows until growth is tried again. */
const REST_WINDOWS = 20
/** One failure in so many halves the limit. */
const FAILURES_OF = 5

/**
 * Finds how many requests at once a container deals with best: the limit grows by half as long as that lets more requests through, is
 * taken back when it does not, and is halved when the container fails. A window in which there was nothing to gain says nothing.
 */
export class AdaptiveLimit implements ConcurrencyLimit {
  current = FIRST
  #before: { readonly limit: number; readonly rate: number } | undefined
  #rest = 0
  #start: number | undefined
  #count = 0
  #failed = 0
  #crowded = 0

  note({ crowded, ok }: { readonly crowded: boolean; readonly ok: boolean }, now: number): void {
    this.#start ??= now
    this.#count++
    if (!ok) this.#failed++
    if (crowded) this.#crowded++
    const elapsed = now - this.#start
    if (this.#count < Math.max(WINDOW_REQUESTS, this.current) || elapsed < WINDOW_MILLISECONDS) return
    this.#judge(this.#count / elapsed)
    this.#start = now
    this.#count = this.#failed = this.#crowded = 0
  }

  #judge(rate: number): void {
    if (this.#failed * FAILURES_OF >= this.#count) {
      this.current = Math.max(1, Math.floor(this.current / 2))
      this.#before = undefined
      this.#rest = REST_WINDOWS
      return
    }
    if (this.#crowded * 2 < this.#count || this.#rest-- > 0) return
    if (this.#before !== undefined && rate < this.#before.rate * worthwhile(this.current / this.#before.limit)) {
      this.current = this.#before.limit
      this.#before = undefined
      this.#rest = REST_WINDOWS
      return
    }
    if (this.current === MOST) return
    this.#before = { limit: this.current, rate }
    this.#rest = 0
    this.current = Math.min(MOST, Math.ceil(this.current * 1.5))
  }
}

const worthwhile = (growth: number): number => 1 + WORTHWHILE * (growth - 1)
