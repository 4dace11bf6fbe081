import type { DatabaseSync } from 'node:sqlite'
import type { CompiledQuery } from 'kysely'
import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { createDriver, type Execute } from '../kysely-driver.ts'
import { storageError } from './sqlite-error.ts'
import { bindable, narrowIntegers, StatementCache } from './statements.ts'

/** A Kysely instance over one connection of node:sqlite, with an `execute` that may refuse. */
export function createSqliteKysely<Tables>(execute: Execute): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => createDriver(execute),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

/** Runs queries on `db`, in this thread, at once. */
export function executeOn(db: DatabaseSync): Execute {
  const statements = new StatementCache(db)
  return async (query) => {
    try {
      return run(statements, query)
    } catch (error) {
      throw storageError(error, query.sql)
    }
  }
}

function run(statements: StatementCache, query: CompiledQuery) {
  const { statement, returnsRows } = statements.get(query.sql)
  const parameters = bindable(query.parameters)
  if (!returnsRows) {
    const { changes } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes) }
  }
  try {
    return { rows: statement.all(...parameters) }
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error
  }
  // An integer beyond 2^53: rare, so the common case does not pay for bigints.
  statement.setReadBigInts(true)
  const rows = statement.all(...parameters)
  narrowIntegers(rows)
  statement.setReadBigInts(false)
  return { rows }
}
