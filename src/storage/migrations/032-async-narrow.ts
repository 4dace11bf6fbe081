import { type Kysely, sql } from 'kysely'

/**
 * Two indexes fewer to write for each request that is accepted. Those that wait are found by the primary key: they lie in the order of their ids
 * there, behind the few that are being worked on. Those that live as long as any may (6 hours) end in the order they came in, so
 * only the others are looked up by when they do.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('async_requests_by_instance').execute()
  await db.schema.dropIndex('async_requests_by_expiry').execute()
  await sql`
    create index async_requests_short_lived on async_requests (queue_id, expires_at)
    where expires_at - received_at < 21600000
  `.execute(db)
}
