import type { Kysely } from 'kysely'

/** Scalable targets have tags, and actions that change their bounds at set times. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('scaling_targets')
    .addColumn('tags', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute()
  await db.schema
    .createTable('scaling_schedules')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('target_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('schedule', 'text', (column) => column.notNull())
    .addColumn('timezone', 'text')
    .addColumn('start_at', 'bigint')
    .addColumn('end_at', 'bigint')
    .addColumn('min_capacity', 'integer')
    .addColumn('max_capacity', 'integer')
    .addColumn('next_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('scaling_schedules_name', ['target_id', 'name'])
    .execute()
}
