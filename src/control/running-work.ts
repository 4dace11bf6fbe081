import type { Lease } from './work-items.ts'
import { LeaseLostError, type WorkItem } from './work-queue.ts'

/** One item that this worker is handling. */
export interface Running {
  readonly lease: Lease
  readonly item: WorkItem
  readonly controller: AbortController
  /** Until when the lease is known to hold, in epoch milliseconds. */
  until: number
  /** Resolves when the handler has ended and its outcome is recorded. */
  ended: Promise<void>
}

const identity = (lease: { readonly kind: string; readonly key: string; readonly number: number }): string =>
  JSON.stringify([lease.kind, lease.key, lease.number])

/** What this worker is handling, and which of its leases it has lost. */
export class RunningWork {
  readonly #running = new Map<string, Running>()
  #strays: ReadonlySet<string> = new Set()

  get size(): number {
    return this.#running.size
  }

  all(): readonly Running[] {
    return [...this.#running.values()]
  }

  count(kind: string): number {
    let count = 0
    for (const { lease } of this.#running.values()) if (lease.kind === kind) count++
    return count
  }

  add(running: Running): void {
    this.#running.set(identity(running.lease), running)
  }

  remove(running: Running): void {
    this.#running.delete(identity(running.lease))
  }

  /**
   * Compares what runs with the leases that a renewal found to be held until `until`. Those of `asked` that it did not
   * find are lost. Returns the held ones that nobody runs, twice in a row: their start or end never reached the
   * database or this process, and they must be given back.
   */
  renewed(asked: readonly Running[], held: readonly Lease[], until: number): readonly Lease[] {
    const byIdentity = new Map(held.map((lease) => [identity(lease), lease]))
    for (const running of asked) {
      if (byIdentity.has(identity(running.lease))) running.until = until
      else running.controller.abort(new LeaseLostError('Another worker has taken over'))
    }
    const strays = new Set([...byIdentity.keys()].filter((id) => !this.#running.has(id)))
    const twice = held.filter((lease) => strays.has(identity(lease)) && this.#strays.has(identity(lease)))
    this.#strays = strays
    return twice
  }

  /** The leases that could not be renewed in time: others may have taken them. */
  abortExpired(now: number): void {
    for (const running of this.#running.values()) {
      if (running.until <= now) running.controller.abort(new LeaseLostError('The lease could not be renewed in time'))
    }
  }
}
