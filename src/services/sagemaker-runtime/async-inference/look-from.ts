import { idStart } from './request-id.ts'

/** From its beginning a queue is looked through this often: rows that another worker has given back, or has committed late. */
const WHOLE_MILLISECONDS = 1_000
/** An id is made this long before its row can be seen, or less; if not, the whole look finds it. */
const LATE_MILLISECONDS = 1_000

/**
 * Where a pump has to look for what waits. Behind the rows that are being worked on, of which there may be thousands: what came before the
 * last look has been taken, unless it has been given back.
 */
export class LookFrom {
  #after = ''
  #wholeAt = Number.NEGATIVE_INFINITY
  #returns = 0

  /** The id that those to look for come after; '' for a look at all. `now` never goes back; `returns` is another number when something was given back. */
  after(now: number, returns: number): string {
    if (now - this.#wholeAt >= WHOLE_MILLISECONDS || returns !== this.#returns) {
      this.#after = ''
      this.#wholeAt = now
      this.#returns = returns
    }
    return this.#after
  }

  /** A look there has left nothing that waits. `begunAt`: before it began, by the clock that ids are made with. */
  nothingLeft(begunAt: number): void {
    this.#after = idStart(Math.max(0, begunAt - LATE_MILLISECONDS))
  }
}
