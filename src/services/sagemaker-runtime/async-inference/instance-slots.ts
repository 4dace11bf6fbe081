import { AdaptiveLimit, type ConcurrencyLimit, fixedLimit } from './concurrency-limit.ts'
import { Pace } from './pace.ts'

/** After what is wrong with storage or the instance, until the next request is taken. */
export const PAUSE_MILLISECONDS = 500
/** Requests that have left the container and are not yet ended. */
const MOST_ENDING = 128

interface Listener {
  /** A slot has become free. */
  left(): void
  ended(): void
}

/** How many requests an instance has, and how many more it may have. Times are of `performance.now()`. */
export class InstanceSlots {
  readonly #underWay = new Set<Promise<void>>()
  readonly #pace = new Pace()
  #busy = 0
  #limitedTo: number | undefined
  #limit: ConcurrencyLimit
  #pausedUntil = 0

  /** @param most as the config says; undefined to find out */
  constructor(most: number | undefined) {
    this.#limitedTo = most
    this.#limit = limitOf(most)
  }

  /** What has been found out is forgotten when the config says something else. */
  limitTo(most: number | undefined): void {
    if (most === this.#limitedTo) return
    this.#limitedTo = most
    this.#limit = limitOf(most)
  }

  /** Negative while there are more than a lower limit allows. */
  get free(): number {
    const { current } = this.#limit
    return Math.min(current - this.#busy, current + MOST_ENDING - this.#underWay.size)
  }

  /** How many are likely to become free within so many milliseconds. */
  freeWithin(milliseconds: number, now: number): number {
    return this.#pace.within(milliseconds, now)
  }

  /** Requests under way, those among them that have left their slots. */
  get underWay(): number {
    return this.#underWay.size
  }

  /** Runs what never rejects in a slot, which it leaves when it ends, or before by calling `leave`. */
  run(work: (leave: () => void) => Promise<void>, listener: Listener): void {
    let hasSlot = true
    this.#busy++
    const leave = () => {
      if (!hasSlot) return
      hasSlot = false
      this.#busy--
      this.#pace.note(performance.now())
      listener.left()
    }
    const running = work(leave).finally(() => {
      this.#underWay.delete(running)
      leave()
      listener.ended()
    })
    this.#underWay.add(running)
  }

  /** How the container has dealt with a request, from which the limit learns. */
  note(outcome: { readonly crowded: boolean; readonly ok: boolean }): void {
    this.#limit.note(outcome, performance.now())
  }

  /** No request begins for some moments. */
  pause(): void {
    this.#pausedUntil = performance.now() + PAUSE_MILLISECONDS
  }

  isPaused(now: number): boolean {
    return now < this.#pausedUntil
  }

  /** When nothing is under way any longer of what is now. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#underWay)
  }
}

const limitOf = (most: number | undefined): ConcurrencyLimit =>
  most === undefined ? new AdaptiveLimit() : fixedLimit(most)
