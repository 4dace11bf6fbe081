import type { CompiledQuery, Kysely } from 'kysely'
import type { Database } from './database.ts'
import type { Schema } from './schema.ts'

/**
 * A query about several things whose SQL hangs on nothing but their number, made once for each number and database. What `make` fills in
 * stands for the parameters, which each use brings in its own order.
 */
export function preparedForCounts<Row>(
  make: (query: Kysely<Schema>, count: number) => { compile(): CompiledQuery },
): (database: Database, count: number, parameters: readonly unknown[]) => CompiledQuery<Row> {
  const made = new WeakMap<Database, Map<number, CompiledQuery<Row>>>()
  return (database, count, parameters) => {
    let known = made.get(database)
    if (known === undefined) {
      known = new Map<number, CompiledQuery<Row>>()
      made.set(database, known)
    }
    let query = known.get(count)
    if (query === undefined) {
      query = make(database.query, count).compile() as CompiledQuery<Row>
      known.set(count, query)
    }
    return { ...query, parameters }
  }
}
