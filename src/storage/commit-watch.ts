import type { Logger } from '../telemetry/log.ts'
import type { Database } from './database.ts'

/** Notices what other processes commit, by polling the database's commit mark. One for each process. */
export interface CommitWatch {
  /** Calls `listener` after a commit of any process has been noticed. Returns the unsubscriber. */
  onCommit(listener: () => void): () => void
  stop(): void
}

/** How many milliseconds between two looks: SQLite answers from shared memory, PostgreSQL over the network. */
const INTERVALS = { sqlite: 20, postgres: 100 } as const
const AFTER_FAILURE = 1_000

/** Starts polling; the timer does not keep the process alive. */
export function watchCommits(db: Database, log: Logger): CommitWatch {
  const listeners = new Set<() => void>()
  let last: string | undefined
  let failing = false
  let stopped = false
  let timer: NodeJS.Timeout

  const look = async () => {
    let delay: number = INTERVALS[db.dialect]
    try {
      const mark = await db.commitMark()
      if (stopped) return
      if (failing) log.info({}, 'the database can be read again')
      failing = false
      if (mark !== last) {
        last = mark
        for (const listener of listeners) listener()
      }
    } catch (error) {
      if (stopped) return
      if (!failing) log.warn({ err: error }, 'the database cannot be read')
      failing = true
      delay = AFTER_FAILURE
    }
    schedule(delay)
  }
  const schedule = (delay: number) => {
    timer = setTimeout(() => void look(), delay)
    timer.unref()
  }
  schedule(0)
  return {
    onCommit: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
