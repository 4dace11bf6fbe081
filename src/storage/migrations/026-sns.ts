import { type Kysely, sql } from 'kysely'

/** SNS: topics, subscriptions, and what has been published and is still to be delivered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const postgres = db.getExecutor().adapter.supportsTransactionalDdl
  const bytewise = postgres ? sql`text collate "C"` : ('text' as const)

  await db.schema
    .createTable('sns_topics')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', bytewise, (column) => column.notNull())
    .addColumn('attributes', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('sns_topics_name', ['account', 'region', 'name'])
    .execute()

  await db.schema
    .createTable('sns_subscriptions')
    .addColumn('id', bytewise, (column) => column.primaryKey())
    .addColumn('topic_id', 'text', (column) => column.notNull())
    .addColumn('topic_arn', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('protocol', 'text', (column) => column.notNull())
    .addColumn('endpoint', 'text', (column) => column.notNull())
    .addColumn('attributes', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('authenticated', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('sns_subscriptions_of_topic')
    .on('sns_subscriptions')
    .columns(['topic_id', 'id'])
    .execute()
  await db.schema
    .createIndex('sns_subscriptions_of_account')
    .on('sns_subscriptions')
    .columns(['account', 'region', 'id'])
    .execute()

  await db.schema
    .createIndex('sns_subscriptions_by_state')
    .on('sns_subscriptions')
    .columns(['state', 'changed_at'])
    .execute()

  await db.schema
    .createTable('sns_publications')
    .addColumn('id', bytewise, (column) => column.primaryKey())
    .addColumn('topic_id', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('published_at', 'bigint', (column) => column.notNull())
    .addColumn('fanned_out', 'integer', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('sns_publications_of_topic')
    .on('sns_publications')
    .columns(['topic_id', 'fanned_out', 'id'])
    .execute()

  await db.schema
    .createTable('sns_deliveries')
    .addColumn('id', bytewise, (column) => column.primaryKey())
    .addColumn('subscription_id', 'text', (column) => column.notNull())
    .addColumn('publication_id', 'text')
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('sns_deliveries_of_subscription')
    .on('sns_deliveries')
    .columns(['subscription_id', 'due_at', 'id'])
    .execute()
  await db.schema.createIndex('sns_deliveries_of_publication').on('sns_deliveries').column('publication_id').execute()

  await db.schema
    .createTable('sns_signing_keys')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('certificate', 'text', (column) => column.notNull())
    .addColumn('private_key', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
}
