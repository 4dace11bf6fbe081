import type { Kysely } from 'kysely'

/** One forward-only step of the database's shape. The name is recorded once it has run and never changes. */
export interface Migration {
  readonly name: string
  up(db: Kysely<unknown>): Promise<void>
}

/** All migrations, in the order they run. */
export const migrations: readonly Migration[] = []
