import type { CompiledQuery, Kysely } from 'kysely'
import type { Database, Expectation, Statement } from './database.ts'
import { preparedForCounts } from './prepared-counts.ts'
import type { Schema } from './schema.ts'

/** A statement has one of these numbers of rows, so that few different ones have to be kept compiled. */
const SIZES = [64, 16, 4, 1] as const

/** What else statements about many rows are made with. */
export interface RowsOptions {
  /** The values that the SQL has before those of the rows. */
  readonly leading?: readonly unknown[]
  /** Each row affects one; otherwise the unit is rolled back with this error. */
  readonly otherwise?: Expectation['otherwise']
}

/**
 * Statements about many rows (an insert, a deletion of those with some ids), their SQL made once for each number of rows. `make` builds the
 * query: but for leading values, which each use brings, it has none but those of the rows, in the order of `columns`, all of which each
 * row has.
 */
export function preparedForRows<Row extends object>(
  columns: readonly (keyof Row & string)[],
  make: (query: Kysely<Schema>, rows: Row[]) => { compile(): CompiledQuery },
): (database: Database, rows: readonly Row[], options?: RowsOptions) => Statement[] {
  // Only the number of the rows decides what the SQL is, and the order of their columns.
  const blank = Object.fromEntries(columns.map((column) => [column, 0])) as unknown as Row
  const queryOf = preparedForCounts((query, count) =>
    make(
      query,
      Array.from({ length: count }, () => blank),
    ),
  )
  const statementOf = (database: Database, rows: readonly Row[], { leading, otherwise }: RowsOptions): Statement => {
    const parameters: unknown[] = leading === undefined ? [] : [...leading]
    for (const row of rows) for (const column of columns) parameters.push(row[column])
    const query = queryOf(database, rows.length, parameters)
    return otherwise === undefined ? { query } : { query, expect: { rows: rows.length, otherwise } }
  }
  return (database, rows, options = {}) => {
    const statements: Statement[] = []
    for (let at = 0; at < rows.length; ) {
      const size = SIZES.find((candidate) => candidate <= rows.length - at) ?? 1
      statements.push(statementOf(database, rows.slice(at, at + size), options))
      at += size
    }
    return statements
  }
}
