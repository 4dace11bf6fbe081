import type { PGlite } from '@electric-sql/pglite'
import type { Database } from '../../src/storage/database.ts'
import type { Migration } from '../../src/storage/migrations.ts'
import { openPostgresDatabase, type PostgresDatabase } from '../../src/storage/postgres/postgres-database.ts'
import { pgliteClient } from './pglite-client.ts'
import { startPostgres } from './store-templates.ts'

/** A PGlite with the tables of this version and nothing in them, and the names of all relations that it began with. */
interface Cluster {
  readonly pglite: PGlite
  readonly relations: string
}

/** What one test has done with is emptied for the next. */
const idle: Cluster[] = []

/** The store of one test in PostgreSQL. */
export class PostgresStore {
  readonly #cluster: Cluster
  readonly #opened: Database[] = []
  #bare: Promise<unknown> | undefined

  private constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  static async create(): Promise<PostgresStore> {
    const found = idle.pop()
    if (found !== undefined) return new PostgresStore(found)
    const pglite = await startPostgres()
    return new PostgresStore({ pglite, relations: await relations(pglite) })
  }

  /** With `migrations`, the tables of these and no others. */
  async open(migrations?: readonly Migration[]): Promise<PostgresDatabase> {
    const { pglite } = this.#cluster
    if (migrations !== undefined) {
      this.#bare ??= pglite.exec('drop schema public cascade; create schema public')
      await this.#bare
    }
    const database = await openPostgresDatabase({ client: pgliteClient(pglite), migrations })
    this.#opened.push(database)
    return database
  }

  async remove(): Promise<void> {
    await Promise.all(this.#opened.map((database) => database.close()))
    const { pglite } = this.#cluster
    if ((await relations(pglite)) !== this.#cluster.relations) return pglite.close()
    await empty(pglite)
    idle.push(this.#cluster)
  }
}

async function relations(pglite: PGlite): Promise<string> {
  const { rows } = await pglite.query(
    "select string_agg(relname, ',' order by relname) as names from pg_class where relnamespace = 'public'::regnamespace",
  )
  return (rows[0] as { names: string }).names
}

/** Empties the tables that something was written to; the others need no time. Migrations write to no table of a new database but their own. */
async function empty(pglite: PGlite): Promise<void> {
  const { rows } = await pglite.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'migrations' and pg_relation_size(oid) > 0`,
  )
  if (rows.length > 0) await pglite.exec(`truncate ${rows.map(({ name }) => name).join(', ')}`)
}
