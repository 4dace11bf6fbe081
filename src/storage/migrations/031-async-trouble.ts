import { type Kysely, sql } from 'kysely'

/** Requests to asynchronous endpoints remember what they were put back for. Those that do are few, and found without the others. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('async_requests').addColumn('trouble', 'text').execute()
  await db.schema
    .createIndex('async_requests_troubled')
    .on('async_requests')
    .column('queue_id')
    .where(sql.ref('trouble'), 'is not', null)
    .execute()
}
