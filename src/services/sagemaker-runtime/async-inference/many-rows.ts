import type { Database, Statement } from '../../../storage/database.ts'
import type { AsyncRequestRow } from '../../../storage/schema/async-inference.ts'
import { statement } from '../../../storage/statement.ts'

/** A request that has just been accepted. */
export type NewRequestRow = Omit<AsyncRequestRow, 'claim' | 'instance_id' | 'breaks' | 'trouble'>

/** So many rows go into one statement; the rest into further ones. */
const MOST_ROWS = 128

/**
 * Statements that insert many requests. Making the SQL of one costs more than running it, so it is made once for each number
 * of rows.
 */
export function requestInserts(database: Database): (rows: readonly NewRequestRow[]) => Statement[] {
  const known = new Map<number, Statement>()
  const insert = (rows: readonly NewRequestRow[]): Statement => {
    let shape = known.get(rows.length)
    if (shape === undefined) {
      shape = statement(database.query.insertInto('async_requests').values(rows.map(asRow)))
      known.set(rows.length, shape)
    }
    return { query: { ...shape.query, parameters: rows.flatMap((row) => Object.values(asRow(row))) } }
  }
  return (rows) => {
    const statements: Statement[] = []
    for (let at = 0; at < rows.length; at += MOST_ROWS) statements.push(insert(rows.slice(at, at + MOST_ROWS)))
    return statements
  }
}

/** Always with its columns in this order, which is that of the statement's parameters. */
const asRow = ({ queue_id, request_id, received_at, expires_at, document }: NewRequestRow) => ({
  queue_id,
  request_id,
  received_at,
  expires_at,
  document,
  breaks: 0,
})
