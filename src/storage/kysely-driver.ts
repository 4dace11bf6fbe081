import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'

/** Runs one compiled query of Kysely. */
export type Execute = (query: CompiledQuery) => Promise<QueryResult<unknown>>

const noTransactions = async (): Promise<never> => {
  throw new Error('Writes are units of work: use Database.commit, not a transaction')
}

/**
 * A Kysely driver over a single function. It knows no transactions (writes are units of work) and no cursors (an open
 * cursor would keep the write-ahead log from being emptied: read in pages instead).
 */
export function createDriver(execute: Execute): Driver {
  const connection: DatabaseConnection = {
    executeQuery: <R>(query: CompiledQuery) => execute(query) as Promise<QueryResult<R>>,
    streamQuery: () => {
      throw new Error('Reading with a cursor is not supported: read in pages')
    },
  }
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: noTransactions,
    commitTransaction: noTransactions,
    rollbackTransaction: noTransactions,
    releaseConnection: async () => {},
    destroy: async () => {},
  }
}
