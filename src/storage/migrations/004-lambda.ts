import type { Kysely } from 'kysely'

/** Lambda: functions, their resource policies and tags, and asynchronous invocations that wait. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('lambda_functions')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('revision_id', 'text', (column) => column.notNull())
    .addColumn('package_type', 'text', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('variables', 'text')
    .addColumn('code_blob', 'text')
    .addColumn('code_size', 'bigint', (column) => column.notNull())
    .addColumn('code_sha256', 'text', (column) => column.notNull())
    .addColumn('image_uri', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('modified_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('lambda_functions_key', ['account', 'region', 'name'])
    .execute()

  await db.schema
    .createTable('lambda_permissions')
    .addColumn('function_id', 'text', (column) => column.notNull())
    .addColumn('statement_id', 'text', (column) => column.notNull())
    .addColumn('statement', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('lambda_permissions_key', ['function_id', 'statement_id'])
    .execute()

  await db.schema
    .createTable('lambda_tags')
    .addColumn('function_id', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('lambda_tags_key', ['function_id', 'key'])
    .execute()

  await db.schema
    .createTable('lambda_async_invocations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('function_name', 'text', (column) => column.notNull())
    .addColumn('payload', 'text', (column) => column.notNull())
    .addColumn('client_context', 'text')
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
}
