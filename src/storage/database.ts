import type { CompiledQuery, Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** A row as a driver returns it. Timestamps are integers (epoch milliseconds), documents are JSON text. */
export type Row = Readonly<Record<string, unknown>>

/** What must be true of a statement's outcome. */
export interface Expectation {
  /** How many rows the statement must affect or, if it returns rows, return. */
  readonly rows: number
  /** Makes the error that `commit` rejects with, after the whole unit has been rolled back. */
  readonly otherwise: () => Error
}

/** One statement of a unit of work. Made by `statement()` in statement.ts. */
export interface Statement {
  readonly query: CompiledQuery
  readonly expect?: Expectation
}

export interface StatementResult {
  /** What the statement returned (`select`, `returning`). */
  readonly rows: readonly Row[]
  /** How many rows it affected or, if it returns rows, returned. */
  readonly affected: number
}

/**
 * The shared state of all workers. Reads go through `query` at once; writes are units of work: a literal list of
 * statements, committed together or not at all. No code runs between the statements of a unit, so units of many
 * callers share one synced commit. What must be read and written together is said in SQL (a guard in
 * `expect`, a subquery as a value). Units of all processes run one after another, so a guard cannot be overtaken.
 *
 * Values are strings, numbers, bigints, Uint8Arrays and null; `true` and `false` are stored as 1 and 0. Integers come
 * back as numbers, those beyond 2^53 as bigints.
 */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres'
  /** Builds queries of both kinds and executes reads: `await db.query.selectFrom('models')….execute()`. */
  readonly query: Kysely<Schema>
  /**
   * Atomic. Durable (synced to disk) when it resolves, and visible to `query` from then on. Results are in the order
   * of the statements. Rejects with the error of the expectation that failed, or one of storage/errors.ts.
   */
  commit(unit: readonly Statement[]): Promise<readonly StatementResult[]>
  /** Calls `listener` with each unit that this process has committed. Returns the unsubscriber. */
  onCommit(listener: (unit: readonly Statement[]) => void): () => void
  /** A text that differs from an earlier one if anyone, in any process, has committed in between. Cheap to poll. */
  commitMark(): Promise<string>
  /** Commits what is waiting, then closes. */
  close(): Promise<void>
}
