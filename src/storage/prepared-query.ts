import type { CompiledQuery, Kysely } from 'kysely'
import type { Database, Expectation, Statement } from './database.ts'
import type { Schema } from './schema.ts'

type Values = Readonly<Record<string, unknown>>

/** Stands in a query for a value that each use of it fills in. */
export type Placeholder<V extends Values> = <Name extends keyof V & string>(name: Name) => V[Name]

/** A query whose SQL is made once for each database; each use only brings its values. */
export interface PreparedQuery<V extends Values, Row> {
  /** For `Database.commit`. */
  statement(database: Database, values: V, expect?: Expectation): Statement
  rows(database: Database, values: V): Promise<Row[]>
  first(database: Database, values: V): Promise<Row | undefined>
}

/**
 * Prepares a query of the hot paths: building one with Kysely takes some 50 to 100 µs, several times as long as running it.
 *
 *     const bucketByName = prepared<{ name: string }, BucketRow>((query, value) =>
 *       query.selectFrom('s3_buckets').selectAll().where('name', '=', value('name')))
 *
 * Values are what they are in `Database`; a placeholder is never null where the SQL would be another for null (`is null`).
 */
export function prepared<V extends Values, Row = unknown>(
  make: (query: Kysely<Schema>, value: Placeholder<V>) => { compile(): CompiledQuery<Row> },
): PreparedQuery<V, Row> {
  const made = new WeakMap<Database, Made<Row>>()
  const fill = (database: Database, values: V): CompiledQuery<Row> => {
    let known = made.get(database)
    if (known === undefined) {
      known = takeApart(make(database.query, placeholder as Placeholder<V>).compile())
      made.set(database, known)
    }
    const { query, slots, constants } = known
    return { ...query, parameters: slots.map((name, at) => (name === undefined ? constants[at] : values[name])) }
  }
  const rows = async (database: Database, values: V): Promise<Row[]> =>
    (await database.query.executeQuery(fill(database, values))).rows
  return {
    statement: (database, values, expect) => {
      const query = fill(database, values)
      return expect === undefined ? { query } : { query, expect }
    },
    rows,
    first: async (database, values) => (await rows(database, values))[0],
  }
}

interface Made<Row> {
  readonly query: CompiledQuery<Row>
  /** The name of the value at each place; undefined where the query itself has a constant. */
  readonly slots: readonly (string | undefined)[]
  readonly constants: readonly unknown[]
}

class Slot {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** Kysely takes any value that is no expression for a parameter. */
const placeholder = (name: string): unknown => new Slot(name)

const takeApart = <Row>(query: CompiledQuery<Row>): Made<Row> => ({
  query,
  slots: query.parameters.map((parameter) => (parameter instanceof Slot ? parameter.name : undefined)),
  constants: query.parameters,
})
