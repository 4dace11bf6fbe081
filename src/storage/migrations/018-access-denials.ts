import type { Kysely } from 'kysely'

/** Refusals that people may ask about, and why each was refused. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('access_denials')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('principal', 'text', (column) => column.notNull())
    .addColumn('principal_account', 'text', (column) => column.notNull())
    .addColumn('resource_account', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('policy_type', 'text', (column) => column.notNull())
    .addColumn('explicit', 'integer', (column) => column.notNull())
    .addColumn('explanation_id', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('access_denials_request').on('access_denials').column('request_id').execute()
  await db.schema.createIndex('access_denials_time').on('access_denials').column('at').execute()

  await db.schema
    .createTable('access_explanations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('access_explanations_time').on('access_explanations').column('at').execute()
}
