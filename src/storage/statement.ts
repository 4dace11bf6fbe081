import type { CompiledQuery } from 'kysely'
import type { Expectation, Statement } from './database.ts'

/** A Kysely query builder: an insert, update, delete or select that has not been executed. */
export interface Compilable {
  compile(): CompiledQuery
}

/**
 * One statement for `Database.commit`, with what must be true of its outcome:
 *
 *     await db.commit([
 *       statement(db.query.selectFrom('endpoints')….select('name').limit(1), none(() => inUse(arn))),
 *       statement(db.query.insertInto('models').values(row).onConflict((c) => c.doNothing()), one(() => exists(arn))),
 *     ])
 */
export const statement = (query: Compilable, expect?: Expectation): Statement =>
  expect === undefined ? { query: query.compile() } : { query: query.compile(), expect }

/** Exactly one row is affected or returned; otherwise the unit is rolled back and `commit` rejects with this error. */
export const one = (otherwise: () => Error): Expectation => ({ rows: 1, otherwise })

/** No row is affected or returned; otherwise the unit is rolled back and `commit` rejects with this error. */
export const none = (otherwise: () => Error): Expectation => ({ rows: 0, otherwise })
