import type { Statement } from '../storage/database.ts'
import type { WorkQueue } from './work-queue.ts'

/** Under which all workers take their turns at one item. */
const KEY = 'all'

export interface Recurrence {
  /** Between the end of one time and the next. */
  readonly everyMilliseconds: number
  /** Until the first time; default none. */
  readonly firstMilliseconds?: number
}

/**
 * Registers work that is done for ever again, each time by one worker, whichever comes to it. Returns the statement that makes it due
 * for the first time; where it is enqueued already, the earlier time holds.
 */
export function recurringWork(
  queue: WorkQueue,
  kind: string,
  { everyMilliseconds, firstMilliseconds = 0 }: Recurrence,
  work: (signal: AbortSignal) => Promise<unknown>,
): Statement {
  queue.handle(
    kind,
    async (_item, signal) => {
      await work(signal)
      return { done: false, againInMilliseconds: everyMilliseconds }
    },
    { concurrency: 1 },
  )
  return queue.enqueue(kind, KEY, { delayMilliseconds: firstMilliseconds })
}
