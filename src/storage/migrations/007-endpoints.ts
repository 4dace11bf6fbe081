import type { Kysely } from 'kysely'

/** Endpoints, their variants and the instances that serve them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('endpoints')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('config_name', 'text', (column) => column.notNull())
    .addColumn('spec', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('failure_reason', 'text')
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('observed_generation', 'integer', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('deployment_config', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('modified_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('endpoints_pk', ['account', 'region', 'name_key'])
    .execute()
  for (const order of ['created_at', 'status'] as const) {
    await db.schema
      .createIndex(`endpoints_by_${order}`)
      .on('endpoints')
      .columns(['account', 'region', order, 'name_key'])
      .execute()
  }
  await db.schema
    .createTable('endpoint_variants')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('variant_name', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('instance_type', 'text', (column) => column.notNull())
    .addColumn('desired_weight', 'double precision', (column) => column.notNull())
    .addColumn('desired_instance_count', 'integer', (column) => column.notNull())
    .addColumn('current_weight', 'double precision')
    .addColumn('current_instance_count', 'integer')
    .addColumn('deployed_images', 'text')
    .addColumn('variant_status', 'text')
    .addPrimaryKeyConstraint('endpoint_variants_pk', ['account', 'region', 'name_key', 'variant_name'])
    .execute()
  await createInstances(db)
}

async function createInstances(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('endpoint_instances')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('variant_name', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('container_id', 'text')
    .addColumn('address', 'text')
    .addColumn('image', 'text', (column) => column.notNull())
    .addColumn('image_digest', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('started_at', 'bigint')
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('detail', 'text')
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('logged_until', 'text')
    .execute()
  await db.schema
    .createIndex('endpoint_instances_of_endpoint')
    .on('endpoint_instances')
    .columns(['account', 'region', 'name_key', 'variant_name'])
    .execute()
}
