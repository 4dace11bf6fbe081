import { type Kysely, sql } from 'kysely'

/** SQS: queues, and messages in the order in which they may be received. Names are listed in the order of their bytes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const postgres = db.getExecutor().adapter.supportsTransactionalDdl
  const bytewise = postgres ? sql`text collate "C"` : ('text' as const)

  await db.schema
    .createTable('sqs_queues')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', bytewise, (column) => column.notNull())
    .addColumn('attributes', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('modified_at', 'bigint', (column) => column.notNull())
    .addColumn('purged_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('sqs_queues_name', ['account', 'region', 'name'])
    .execute()

  await db.schema
    .createTable('sqs_messages')
    .addColumn('id', bytewise, (column) => column.primaryKey())
    .addColumn('queue_id', 'text', (column) => column.notNull())
    .addColumn('visible_at', 'bigint', (column) => column.notNull())
    .addColumn('sent_at', 'bigint', (column) => column.notNull())
    .addColumn('sender', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('sealed', 'integer', (column) => column.notNull())
    .addColumn('receive_count', 'integer', (column) => column.notNull())
    .addColumn('first_received_at', 'bigint')
    .addColumn('receipt', 'text')
    .addColumn('source_arn', 'text')
    .execute()
  await db.schema
    .createIndex('sqs_messages_in_order')
    .on('sqs_messages')
    .columns(['queue_id', 'visible_at', 'id'])
    .execute()
}
