const WINDOW_MILLISECONDS = 100
/** What happened longer ago says nothing of now. */
const STALE_MILLISECONDS = 300

/** How often something happens, by its last moments. Times are milliseconds of any clock that does not go back. */
export class Pace {
  #start = Number.NEGATIVE_INFINITY
  #count = 0
  #perMillisecond = 0

  note(now: number): void {
    const elapsed = now - this.#start
    if (elapsed >= WINDOW_MILLISECONDS) {
      this.#perMillisecond = elapsed > STALE_MILLISECONDS ? 0 : this.#count / elapsed
      this.#start = now
      this.#count = 0
    }
    this.#count++
  }

  /** How often it is to be expected within so many milliseconds; 0 when it has not happened lately. */
  within(milliseconds: number, now: number): number {
    return now - this.#start > STALE_MILLISECONDS ? 0 : Math.floor(this.#perMillisecond * milliseconds)
  }
}
