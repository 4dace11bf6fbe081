import type { Kysely } from 'kysely'

/** The workers that send requests to instances: whoever ends one asks each of them to let go of it first. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('serving_workers')
    .addColumn('slot', 'text', (column) => column.primaryKey())
    .addColumn('worker', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
}
