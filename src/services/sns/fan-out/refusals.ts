import type { Clock } from '../../../shared/clock.ts'

const REMEMBERED = 5_000
const MOST = 10_000

/** Subscriptions whose queues have just refused SNS. Asking again at once costs a recorded denial, and the same answer. */
export class Refusals {
  readonly #clock: Clock
  readonly #refused = new Map<string, number>()

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  has(subscriptionId: string): boolean {
    const at = this.#refused.get(subscriptionId)
    return at !== undefined && Math.abs(this.#clock.now() - at) < REMEMBERED
  }

  note(subscriptionId: string): void {
    if (this.#refused.size >= MOST) this.#refused.clear()
    this.#refused.set(subscriptionId, this.#clock.now())
  }
}
