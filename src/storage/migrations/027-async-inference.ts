import { type Kysely, sql } from 'kysely'

/** The queues of asynchronous endpoints. Requests are taken in the order of their ids' bytes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const postgres = db.getExecutor().adapter.supportsTransactionalDdl
  const bytewise = postgres ? sql`text collate "C"` : ('text' as const)
  const bytes = postgres ? ('bytea' as const) : ('blob' as const)
  await db.schema
    .createTable('async_queues')
    .addColumn('queue_id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('async_queues_by_endpoint', ['account', 'region', 'name_key'])
    .execute()
  await db.schema
    .createTable('async_counts')
    .addColumn('queue_id', 'text', (column) => column.notNull())
    .addColumn('worker', 'integer', (column) => column.notNull())
    .addColumn('accepted', 'bigint', (column) => column.notNull())
    .addColumn('finished', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('async_counts_pk', ['queue_id', 'worker'])
    .execute()
  await db.schema
    .createTable('async_requests')
    .addColumn('queue_id', 'text', (column) => column.notNull())
    .addColumn('request_id', bytewise, (column) => column.notNull())
    .addColumn('claim', 'text')
    .addColumn('instance_id', 'text')
    .addColumn('received_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('breaks', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('async_requests_pk', ['queue_id', 'request_id'])
    .execute()
  // Those that wait come first to hand in the order of their ids; those of an instance are few.
  await db.schema
    .createIndex('async_requests_by_instance')
    .on('async_requests')
    .columns(['queue_id', 'instance_id', 'request_id'])
    .execute()
  await db.schema
    .createIndex('async_requests_held')
    .on('async_requests')
    .column('instance_id')
    .where('instance_id', 'is not', null)
    .execute()
  await db.schema
    .createIndex('async_requests_by_expiry')
    .on('async_requests')
    .columns(['queue_id', 'expires_at'])
    .execute()
  await db.schema
    .createTable('async_bodies')
    .addColumn('request_id', 'text', (column) => column.primaryKey())
    .addColumn('content', bytes, (column) => column.notNull())
    .addColumn('sealed_key', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('async_failures')
    .addColumn('queue_id', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('failed_at', 'bigint', (column) => column.notNull())
    .addColumn('inference_id', 'text', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('async_failures_pk', ['queue_id', 'request_id'])
    .execute()
}
