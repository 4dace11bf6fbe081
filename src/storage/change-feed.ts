import type { Statement } from './database.ts'

/** Something that workers cache and must drop or reload: `topic` names the kind, `key` the one that changed. */
export interface Change {
  readonly topic: string
  readonly key: string
}

/** The key that means: anything may have changed, reload all. */
export const EVERYTHING = '*'

/**
 * Tells every worker what any worker has committed: at once in the process that commits, within some tens of
 * milliseconds in the others. A change is written in the unit of work that causes it, so it is announced if and only if
 * it happened.
 */
export interface ChangeFeed {
  /** The statement to put into the unit of work. */
  announce(change: Change): Statement
  /**
   * Calls `listener` for each change of `topic` from now on, in commit order; with `EVERYTHING` after a worker has been
   * away for so long that changes have been pruned. Subscribe first, then load what the changes are about.
   * Returns the unsubscriber.
   */
  subscribe(topic: string, listener: (key: string) => void): () => void
  /** Stops reading. No listener is called afterwards. */
  stop(): Promise<void>
}
