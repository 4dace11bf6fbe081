import { chmodSync, closeSync, constants, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { StorageUnavailableError } from '../errors.ts'
import { isBusy, storageError } from './sqlite-error.ts'

/** Loads node:sqlite without the warning that some versions of Node print for it. */
async function loadSqlite(): Promise<typeof import('node:sqlite')> {
  const emit = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes('SQLite')) return
    ;(emit as (...args: unknown[]) => void).call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    return await import('node:sqlite')
  } finally {
    process.emitWarning = emit
  }
}

/** Creates the file (mode 0600) and its folder if they are missing, and takes the file away from other users if not. */
export function prepareFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    try {
      closeSync(openSync(file, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      // By path: opening and closing the file would drop the locks that this process holds on it.
      chmodSync(file, 0o600)
    }
  } catch (error) {
    throw new StorageUnavailableError(`The database ${file} cannot be opened: ${(error as Error).message}`)
  }
}

/** How many milliseconds a connection waits for the short locks of recovery and of checkpoints. */
const RECOVERY_TIMEOUT = 5_000

/** Of several processes that turn a new file to WAL mode, SQLite refuses all but one at once, whatever the timeout. */
async function enterWalMode(db: DatabaseSync): Promise<void> {
  const deadline = performance.now() + RECOVERY_TIMEOUT
  for (;;) {
    try {
      return db.exec('pragma journal_mode = wal')
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      await setTimeout(5)
    }
  }
}

/** A connection to a database in WAL mode, synced at each commit. */
export async function connect(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await loadSqlite()
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: RECOVERY_TIMEOUT, enableForeignKeyConstraints: false })
    await enterWalMode(db)
    db.exec('pragma synchronous = full')
    db.exec('pragma temp_store = memory')
    // As in PostgreSQL; it also lets a prefix search use an index.
    db.exec('pragma case_sensitive_like = 1')
    db.exec('pragma cache_size = -8000')
    return db
  } catch (error) {
    db?.close()
    const { message } = storageError(error)
    throw new StorageUnavailableError(`The database ${file} cannot be opened. ${message}`)
  }
}
