import type { PGliteInterface, Transaction } from '@electric-sql/pglite'
import type { PostgresClient, PostgresQuery } from '../../src/storage/postgres/postgres-client.ts'

/** PostgreSQL in this process. Closing the client leaves PGlite open, so that several databases can share one. */
export function pgliteClient(pglite: PGliteInterface): PostgresClient {
  const on =
    (connection: PGliteInterface | Transaction): PostgresQuery =>
    (sql, parameters) =>
      connection.query<Record<string, unknown>>(sql, [...parameters])
  return {
    query: on(pglite),
    transaction: (run) => pglite.transaction((tx) => run(on(tx))),
    close: async () => {},
  }
}
