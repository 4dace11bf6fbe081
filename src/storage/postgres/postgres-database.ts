import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { type Logger, silentLogger } from '../../telemetry/log.ts'
import type { Database, Statement } from '../database.ts'
import { StatementError, StorageUnavailableError } from '../errors.ts'
import { createDriver, type Execute } from '../kysely-driver.ts'
import { migrate } from '../migrate.ts'
import { migrations as allMigrations, type Migration } from '../migrations.ts'
import type { Schema } from '../schema.ts'
import { GroupCommit, WRITE_LOCK } from './group-commit.ts'
import type { PostgresClient, PostgresQuery } from './postgres-client.ts'
import { storageError } from './postgres-error.ts'
import { bindable, normalizedRows } from './postgres-values.ts'

export interface PostgresOptions {
  /** Closed together with the database. */
  readonly client: PostgresClient
  readonly log?: Logger
  /** Other tables, for tests. */
  readonly migrations?: readonly Migration[]
}

/** A database that also tells how many transactions it has committed. */
export interface PostgresDatabase extends Database {
  commitCount(): number
}

/**
 * The shared state in PostgreSQL, brought to this version's shape. Durable as far as the server is: it must run with
 * `synchronous_commit = on` and `fsync = on`, its defaults.
 * @throws StorageUnavailableError when the server cannot be reached, sorts text differently, or is of a newer version
 */
export async function openPostgresDatabase(options: PostgresOptions): Promise<PostgresDatabase> {
  const { client, log = silentLogger, migrations = allMigrations } = options
  await checkCollation(client.query)
  await bringUpToDate(client, migrations, log)

  const query = createPostgresKysely<Schema>(readsOnly(executeOn(client.query)))
  const listeners = new Set<(unit: readonly Statement[]) => void>()
  const group = new GroupCommit(client, (unit) => {
    for (const listener of listeners) listener(unit)
  })
  let closed: Promise<void> | undefined
  const close = async () => {
    await group.close()
    await query.destroy()
    await client.close()
  }
  return {
    dialect: 'postgres',
    query,
    commit: (unit) => (unit.length === 0 ? Promise.resolve([]) : group.commit(unit)),
    commitCount: () => group.commits,
    onCommit: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    commitMark: async () => {
      const { rows } = await client.query('select pg_current_snapshot()::text as mark', []).catch((error: unknown) => {
        throw storageError(error)
      })
      return String(rows[0]?.mark)
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

/** Lists are sorted and paged by name in byte order, as AWS does; other collations would skip or repeat entries. */
async function checkCollation(query: PostgresQuery): Promise<void> {
  const { rows } = await query("select ('a' < 'B') as folded", []).catch((error: unknown) => {
    throw storageError(error)
  })
  if (rows[0]?.folded === true) {
    throw new StorageUnavailableError(
      "The PostgreSQL database must sort text by bytes: create it with TEMPLATE template0 LC_COLLATE 'C'",
    )
  }
}

function createPostgresKysely<Tables>(execute: Execute): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => createDriver(execute),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

function executeOn(query: PostgresQuery): Execute {
  return async (compiled) => {
    const answer = await query(compiled.sql, bindable(compiled.parameters)).catch((error: unknown) => {
      throw storageError(error, compiled.sql)
    })
    return { rows: [...normalizedRows(answer)], numAffectedRows: BigInt(answer.affectedRows ?? 0) }
  }
}

/** Refuses writes with a sentence that says what to do instead. */
function readsOnly(execute: Execute): Execute {
  return async (compiled) => {
    if (compiled.query.kind === 'SelectQueryNode' || compiled.query.kind === 'RawNode') return execute(compiled)
    throw new StatementError(`Writes are units of work: use Database.commit, for: ${compiled.sql}`)
  }
}

/** All missing migrations, in one transaction that keeps other starting workers waiting. */
async function bringUpToDate(client: PostgresClient, migrations: readonly Migration[], log: Logger): Promise<void> {
  const names = await client
    .transaction(async (query) => {
      await query(WRITE_LOCK, [])
      return await migrate(createPostgresKysely<unknown>(executeOn(query)), migrations, Date.now())
    })
    .catch((error: unknown) => {
      throw storageError(error)
    })
  if (names.length > 0) log.info({ migrations: names }, 'brought the database up to date')
}
