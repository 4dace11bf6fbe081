import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** SQLite copies the log into the database by itself after this many pages (4 KiB each). */
const AUTOMATIC_PAGES = 2_000
/** From this size on the log is forced back to nothing; SQLite alone never does while writers leave no gap. */
const LARGE_LOG = 64 * 1024 * 1024
const LOOK_EVERY = 100
const PATIENCE = 100

/** Keeps the write-ahead log from growing without bound. For the writer thread. */
export class Checkpointer {
  readonly #db: DatabaseSync
  readonly #log: string
  #commits = 0
  #notBefore = 0

  constructor(db: DatabaseSync, file: string) {
    this.#db = db
    this.#log = `${file}-wal`
    db.exec(`pragma wal_autocheckpoint = ${AUTOMATIC_PAGES}`)
    db.exec(`pragma journal_size_limit = ${LARGE_LOG}`)
  }

  /** To be called after each commit. */
  afterCommit(): void {
    if (++this.#commits % LOOK_EVERY !== 0 || performance.now() < this.#notBefore) return
    const size = statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0
    if (size < LARGE_LOG) return
    this.#notBefore = performance.now() + 2_000
    try {
      // Waits for the readers and writers of other processes, but not for long: it is tried again.
      this.#db.exec(`pragma busy_timeout = ${PATIENCE}`)
      this.#db.exec('pragma wal_checkpoint(truncate)')
    } catch {
      // A disk that is full or failing is told to the callers of the next commit.
    } finally {
      this.#db.exec('pragma busy_timeout = 0')
    }
  }
}
