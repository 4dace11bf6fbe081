import type { Statement } from '../storage/database.ts'

/** A durable piece of work. There is at most one item for a (kind, key); asking again while it runs makes it run once more. */
export interface WorkItem {
  readonly kind: string
  readonly key: string
  /** How often in a row the handler has failed on this item. */
  readonly attempts: number
}

/** What a handler wants to happen with its item. A thrown error means: again, after a backoff that doubles. */
export type WorkOutcome = { readonly done: true } | { readonly done: false; readonly againInMilliseconds: number }

/** Handles one item. The signal aborts when the lease is lost or the worker drains; every step must be repeatable. */
export type WorkHandler = (item: WorkItem, signal: AbortSignal) => Promise<WorkOutcome>

export interface WorkQueue {
  /** The statement that enqueues an item, for the unit of work that makes it necessary. */
  enqueue(kind: string, key: string, options?: { readonly delayMilliseconds?: number }): Statement
  /** Registers what this worker does with items of `kind`; up to `concurrency` at once in this worker. */
  handle(kind: string, handler: WorkHandler, options: { readonly concurrency: number }): void
  /** Starts leasing. */
  start(): void
  /** Stops leasing, aborts running handlers, gives leases back, resolves when all have ended. */
  stop(): Promise<void>
}
