import type { Statement } from './database.ts'

/** Something that workers cache and must drop or reload: `topic` names the kind, `key` the one that changed. */
export interface Change {
  readonly topic: string
  readonly key: string
}

/**
 * Tells every worker what any worker has committed, within some tens of milliseconds. A change is written in the
 * unit of work that causes it, so it is announced if and only if it happened.
 */
export interface ChangeFeed {
  /** The statement to put into the unit of work. */
  announce(change: Change): Statement
  /** Calls `listener` for each change of `topic` from now on, in commit order. Returns the unsubscriber. */
  subscribe(topic: string, listener: (key: string) => void): () => void
}
