import type { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import { type Logger, silentLogger } from '../../telemetry/log.ts'
import type { Database, Statement } from '../database.ts'
import { StatementError } from '../errors.ts'
import type { Execute } from '../kysely-driver.ts'
import { migrate } from '../migrate.ts'
import { migrations as allMigrations, type Migration } from '../migrations.ts'
import type { Schema } from '../schema.ts'
import { connect, prepareFile } from './connection.ts'
import { createSqliteKysely, executeOn } from './read-connection.ts'
import { isBusy, storageError } from './sqlite-error.ts'
import { Writer } from './writer.ts'

/** How many milliseconds a starting worker waits for others that write. */
const MIGRATION_PATIENCE = 15_000
/** How many milliseconds a read waits for the rare locks that readers meet (recovery after a crash). */
const READ_PATIENCE = 1_000

export interface SqliteOptions {
  readonly file: string
  readonly log?: Logger
  /** Other tables, for tests. */
  readonly migrations?: readonly Migration[]
  /** How long units wait for another process to end its transaction before they are refused. */
  readonly lockTimeoutMilliseconds?: number
}

/** A database that also tells how many synced commits it has made. */
export interface SqliteDatabase extends Database {
  commitCount(): number
}

/**
 * Opens (and creates) the database in `file` and brings it to this version's shape. Any number of processes may have it
 * open. Reads run in this thread; units are committed by a writer thread.
 * @throws StorageUnavailableError when the file cannot be opened, is no database, or is of a newer version
 */
export async function openSqliteDatabase(options: SqliteOptions): Promise<SqliteDatabase> {
  const { file, log = silentLogger, migrations = allMigrations, lockTimeoutMilliseconds = 10_000 } = options
  prepareFile(file)
  const reader = await connect(file)
  const listeners = new Set<(unit: readonly Statement[]) => void>()
  const writer = new Writer({ file, lockTimeout: lockTimeoutMilliseconds }, log, (unit) => {
    for (const listener of listeners) listener(unit)
  })
  try {
    await bringUpToDate(reader, migrations, log)
    reader.exec('pragma query_only = 1')
    await writer.start()
  } catch (error) {
    reader.close()
    throw error
  }

  const query: Kysely<Schema> = createSqliteKysely(readsOnly(executeOn(reader)))
  const mark = reader.prepare('pragma data_version')
  let closed: Promise<void> | undefined
  const close = async () => {
    await writer.close()
    await query.destroy()
    reader.close()
  }
  return {
    dialect: 'sqlite',
    query,
    commit: (unit) => (unit.length === 0 ? Promise.resolve([]) : writer.commit(unit)),
    commitCount: () => writer.commits,
    onCommit: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    commitMark: async () => {
      try {
        return String(mark.get()?.data_version)
      } catch (error) {
        throw storageError(error)
      }
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

/** All missing migrations, in one transaction that keeps other starting workers waiting. */
async function bringUpToDate(db: DatabaseSync, migrations: readonly Migration[], log: Logger): Promise<void> {
  const kysely = createSqliteKysely<unknown>(executeOn(db))
  try {
    await beginImmediate(db)
    const names = await migrate(kysely, migrations, Date.now())
    db.exec('commit')
    if (names.length > 0) log.info({ migrations: names }, 'brought the database up to date')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error instanceof Error && !('errcode' in error) ? error : storageError(error)
  }
}

/** Takes the write lock. It waits with a timer, not in SQLite: the holder may be in this very thread. */
async function beginImmediate(db: DatabaseSync): Promise<void> {
  const deadline = performance.now() + MIGRATION_PATIENCE
  db.exec('pragma busy_timeout = 0')
  for (;;) {
    try {
      db.exec('begin immediate')
      break
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      await setTimeout(2)
    }
  }
  db.exec(`pragma busy_timeout = ${READ_PATIENCE}`)
}

/** Refuses writes with a sentence that says what to do instead. */
function readsOnly(execute: Execute): Execute {
  return async (query) => {
    if (query.query.kind === 'SelectQueryNode' || query.query.kind === 'RawNode') return execute(query)
    throw new StatementError(`Writes are units of work: use Database.commit, for: ${query.sql}`)
  }
}
