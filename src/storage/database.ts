import type { CompiledQuery, Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** A row as a driver returns it. Timestamps are integers (epoch milliseconds), documents are JSON text. */
export type Row = Readonly<Record<string, unknown>>

/** One statement of a unit of work, with what must be true of its outcome. */
export interface Statement {
  readonly query: CompiledQuery
  /**
   * How many rows the statement must affect or return. When it does not, the whole unit is rolled back and
   * `commit` rejects with the error that `otherwise` makes.
   */
  readonly expect?: { readonly rows: number; readonly otherwise: () => Error }
}

export interface StatementResult {
  readonly rows: readonly Row[]
  readonly affected: number
}

/**
 * The shared state of all workers. Reads go through `query` at once; writes are units of work: a literal list of
 * statements, committed together or not at all. No code runs between the statements of a unit, so units of many
 * callers share one synced commit. What must be read and written together is said in SQL (a guard in
 * `expect`, a subquery as a value).
 */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres'
  /** Builds queries of both kinds and executes reads: `await db.query.selectFrom('models')….execute()`. */
  readonly query: Kysely<Schema>
  /** Atomic. Durable (synced to disk) when it resolves. Results are in the order of the statements. */
  commit(unit: readonly Statement[]): Promise<readonly StatementResult[]>
  close(): Promise<void>
}
