import type { Kysely } from 'kysely'

/** The Key Management Service: keys, their sealed material, aliases and grants. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('kms_keys')
    .addColumn('key_id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('manager', 'text', (column) => column.notNull())
    .addColumn('managed_for', 'text')
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('policy', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('material_id', 'text', (column) => column.notNull())
    .addColumn('rotation_days', 'integer')
    .addColumn('next_rotation_at', 'bigint')
    .addColumn('deletion_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('kms_keys_by_account')
    .on('kms_keys')
    .columns(['account', 'region', 'key_id'])
    .unique()
    .execute()

  await db.schema
    .createTable('kms_materials')
    .addColumn('material_id', 'text', (column) => column.primaryKey())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('kms_materials_by_key')
    .on('kms_materials')
    .columns(['key_id', 'created_at', 'material_id'])
    .execute()

  await db.schema
    .createTable('kms_aliases')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('kms_aliases_key', ['account', 'region', 'name'])
    .execute()
  await db.schema.createIndex('kms_aliases_by_key').on('kms_aliases').columns(['key_id', 'name']).execute()

  await db.schema
    .createTable('kms_grants')
    .addColumn('grant_id', 'text', (column) => column.primaryKey())
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', 'text')
    .addColumn('grantee', 'text', (column) => column.notNull())
    .addColumn('retiring', 'text')
    .addColumn('operations', 'text', (column) => column.notNull())
    .addColumn('constraints', 'text')
    .addColumn('issuing_account', 'text', (column) => column.notNull())
    .addColumn('fingerprint', 'text', (column) => column.unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('kms_grants_by_key').on('kms_grants').columns(['key_id', 'grant_id']).execute()
  await db.schema.createIndex('kms_grants_by_retiring').on('kms_grants').columns(['retiring', 'grant_id']).execute()
}
