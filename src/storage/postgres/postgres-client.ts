/** What PostgreSQL answers to one statement. */
export interface PostgresResult {
  readonly rows: readonly Record<string, unknown>[]
  /** The columns that are returned; empty for a statement that returns no rows. */
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[]
  /** Rows inserted, updated or deleted. */
  readonly affectedRows?: number
}

/** Runs one statement with `$1`, `$2`, … as its parameters. Rejects with an error that carries the SQLSTATE as `code`. */
export type PostgresQuery = (sql: string, parameters: readonly unknown[]) => Promise<PostgresResult>

/**
 * As little of a driver as the storage needs; PGlite and `pg` (with a pool) both fit. 8-byte integers come back as
 * numbers or bigints, not as text.
 */
export interface PostgresClient {
  readonly query: PostgresQuery
  /** Runs `run` on one connection between BEGIN and COMMIT; rolls back when it rejects. Resolves once committed. */
  transaction<T>(run: (query: PostgresQuery) => Promise<T>): Promise<T>
  close(): Promise<void>
}
