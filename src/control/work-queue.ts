import type { Statement } from '../storage/database.ts'

/**
 * A durable piece of work. There is at most one item for a (kind, key). Enqueueing it again while it waits keeps the
 * earlier of both times; while it runs, it makes it run once more, at the time asked for.
 */
export interface WorkItem {
  readonly kind: string
  readonly key: string
  /** How often in a row the handler has failed on this item. */
  readonly attempts: number
}

/**
 * What a handler wants to happen with its item: it is finished, or is to run again after that time. A thrown error
 * means: again, after a backoff that doubles from 250 ms to 60 s.
 */
export type WorkOutcome = { readonly done: true } | { readonly done: false; readonly againInMilliseconds: number }

/**
 * Handles one item, for as long as it takes: the lease is renewed meanwhile. The signal aborts when the lease is lost or
 * the worker drains; every step must be repeatable, because a worker that dies is replaced by another that begins again.
 */
export type WorkHandler = (item: WorkItem, signal: AbortSignal) => Promise<WorkOutcome>

export interface WorkOptions {
  /** So many at once in this worker. */
  readonly concurrency: number
  /**
   * Whether a worker that has such items leaves further ones to the others for some moments: for work that lasts, and keeps a
   * worker busy.
   */
  readonly spread?: boolean
}

export interface WorkQueue {
  /** The statement that enqueues an item, for the unit of work that makes it necessary. */
  enqueue(kind: string, key: string, options?: { readonly delayMilliseconds?: number }): Statement
  /** Registers what this worker does with items of `kind`. */
  handle(kind: string, handler: WorkHandler, options: WorkOptions): void
  /** Starts leasing. */
  start(): void
  /**
   * Stops leasing, aborts running handlers, gives their leases back as soon as each has ended; resolves when all have.
   */
  stop(): Promise<void>
}

/** Why the signal of a handler aborts. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError'
}

/** Why the signal of a handler aborts. What the handler throws then is no failure: another worker carries on at once. */
export class WorkerDrainsError extends Error {
  override name = 'WorkerDrainsError'
}
