import type { Kysely } from 'kysely'
import { StorageUnavailableError } from './errors.ts'
import type { Migration } from './migrations.ts'

/** The bookkeeping table. It is part of no migration, so that it can be asked before any has run. */
interface MigrationTables {
  migrations: { name: string; applied_at: number }
}

/**
 * Which migrations are still to run, in their order.
 * @throws StorageUnavailableError when the database knows one that this version does not.
 */
function pendingMigrations(applied: readonly string[], known: readonly Migration[]): readonly Migration[] {
  const names = new Set(known.map((migration) => migration.name))
  const foreign = applied.filter((name) => !names.has(name))
  if (foreign.length > 0) {
    throw new StorageUnavailableError(
      `The database was written by a newer version of Slipway (it has ${foreign.join(', ')}, which this version does not know). Start that version or a later one.`,
    )
  }
  const done = new Set(applied)
  return known.filter((migration) => !done.has(migration.name))
}

/**
 * Runs what is missing. `db` must be one connection inside a transaction that excludes all other writers:
 * then any number of workers may start at once, and a step that fails leaves nothing behind.
 * Returns the names that were run.
 */
export async function migrate(
  db: Kysely<unknown>,
  known: readonly Migration[],
  appliedAt: number,
): Promise<readonly string[]> {
  const tables = db as Kysely<MigrationTables>
  await tables.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute()
  const applied = await tables.selectFrom('migrations').select('name').execute()
  const pending = pendingMigrations(
    applied.map((row) => row.name),
    known,
  )
  for (const migration of pending) {
    await migration.up(db)
    await tables.insertInto('migrations').values({ name: migration.name, applied_at: appliedAt }).execute()
  }
  return pending.map((migration) => migration.name)
}
