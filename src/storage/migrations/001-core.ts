import type { Kysely } from 'kysely'

/** The change feed and the work queue. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('changes')
    .addColumn('seq', 'bigint', (column) => column.primaryKey())
    .addColumn('topic', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('work_items')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('again_at', 'bigint')
    .addColumn('lease_owner', 'text')
    .addColumn('lease_number', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('last_error', 'text')
    .addPrimaryKeyConstraint('work_items_pk', ['kind', 'key'])
    .execute()
  await db.schema.createIndex('work_items_due').on('work_items').columns(['kind', 'due_at']).execute()
  await db.schema.createIndex('work_items_owner').on('work_items').column('lease_owner').execute()
}
