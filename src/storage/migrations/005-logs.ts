import type { Kysely } from 'kysely'

/** CloudWatch Logs: groups, streams, their events, tags of groups. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('logs_groups')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('class', 'text', (column) => column.notNull())
    .addColumn('retention_days', 'integer')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('logs_groups_name', ['account', 'region', 'name'])
    .execute()

  await db.schema
    .createTable('logs_streams')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('first_event_at', 'bigint')
    .addColumn('last_event_at', 'bigint')
    .addColumn('last_ingestion_at', 'bigint')
    .addColumn('stored_bytes', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('logs_streams_name', ['group_id', 'name'])
    .execute()

  await db.schema
    .createTable('logs_events')
    .addColumn('stream_id', 'text', (column) => column.notNull())
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addColumn('timestamp', 'bigint', (column) => column.notNull())
    .addColumn('sequence', 'text', (column) => column.notNull())
    .addColumn('ingested_at', 'bigint', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('bytes', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('logs_events_key', ['stream_id', 'timestamp', 'sequence'])
    .execute()
  await db.schema
    .createIndex('logs_events_by_group')
    .on('logs_events')
    .columns(['group_id', 'timestamp', 'sequence'])
    .execute()

  await db.schema
    .createTable('logs_tags')
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('logs_tags_key', ['group_id', 'key'])
    .execute()
}
