import type { CreateTableBuilder, Kysely } from 'kysely'

type Table<Name extends string> = CreateTableBuilder<Name, never>

/** The model registry, models, endpoint configs, their tags and idempotency tokens. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('model_package_groups')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('last_version', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('model_package_groups_pk', ['account', 'region', 'name_key'])
    .execute()
  await db.schema
    .createIndex('model_package_groups_by_time')
    .on('model_package_groups')
    .columns(['account', 'region', 'created_at', 'name_key'])
    .execute()
  await createModelPackages(db)
  await createNamed(db, 'models', (table) =>
    table.addColumn('execution_role_arn', 'text').addColumn('containers', 'text', (column) => column.notNull()),
  )
  await createNamed(db, 'endpoint_configs', (table) => table)
  await db.schema
    .createTable('sagemaker_tags')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('resource', 'text', (column) => column.notNull())
    .addColumn('tag_key', 'text', (column) => column.notNull())
    .addColumn('tag_value', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('sagemaker_tags_pk', ['account', 'region', 'resource', 'tag_key'])
    .execute()
  await createClientTokens(db)
}

async function createModelPackages(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('model_packages')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('package_key', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('approval_status', 'text')
    .addColumn('registration_type', 'text')
    .addColumn('life_cycle', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('modified_at', 'bigint')
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('model_packages_pk', ['account', 'region', 'package_key', 'version'])
    .execute()
  // One index for each order in which pages are read, so that every page costs the same.
  await db.schema
    .createIndex('model_packages_by_time')
    .on('model_packages')
    .columns(['account', 'region', 'created_at', 'package_key', 'version'])
    .execute()
  await db.schema
    .createIndex('model_packages_of_kind_by_time')
    .on('model_packages')
    .columns(['account', 'region', 'version', 'created_at', 'package_key'])
    .execute()
  await db.schema
    .createIndex('model_packages_of_group_by_time')
    .on('model_packages')
    .columns(['account', 'region', 'package_key', 'created_at', 'version'])
    .execute()
  await db.schema
    .createIndex('model_packages_of_group_by_approval')
    .on('model_packages')
    .columns(['account', 'region', 'package_key', 'approval_status', 'created_at', 'version'])
    .execute()
}

async function createNamed(
  db: Kysely<unknown>,
  table: string,
  extend: (table: Table<string>) => Table<string>,
): Promise<void> {
  await extend(db.schema.createTable(table))
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint(`${table}_pk`, ['account', 'region', 'name_key'])
    .execute()
  await db.schema
    .createIndex(`${table}_by_time`)
    .on(table)
    .columns(['account', 'region', 'created_at', 'name_key'])
    .execute()
}

async function createClientTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sagemaker_client_tokens')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('token', 'text', (column) => column.notNull())
    .addColumn('request_digest', 'text', (column) => column.notNull())
    .addColumn('package_key', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('sagemaker_client_tokens_pk', ['account', 'region', 'operation', 'token'])
    .execute()
  await db.schema
    .createIndex('sagemaker_client_tokens_by_time')
    .on('sagemaker_client_tokens')
    .column('created_at')
    .execute()
}
