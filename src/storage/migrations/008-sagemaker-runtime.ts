import type { Kysely } from 'kysely'

/** Stateful sessions of endpoints. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('runtime_sessions')
    .addColumn('route_key', 'text', (column) => column.notNull())
    .addColumn('session_id', 'text', (column) => column.notNull())
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('runtime_sessions_pk', ['route_key', 'session_id'])
    .execute()
  await db.schema.createIndex('runtime_sessions_expires').on('runtime_sessions').column('expires_at').execute()
}
