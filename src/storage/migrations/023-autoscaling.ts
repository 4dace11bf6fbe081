import type { Kysely } from 'kysely'

/** Scalable targets, their policies with alarms, and what has been done. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('scaling_targets')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('endpoint_name', 'text', (column) => column.notNull())
    .addColumn('variant_name', 'text', (column) => column.notNull())
    .addColumn('min_capacity', 'integer', (column) => column.notNull())
    .addColumn('max_capacity', 'integer', (column) => column.notNull())
    .addColumn('suspended', 'text', (column) => column.notNull())
    .addColumn('last_scaling', 'text')
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('scaling_targets_resource', ['account', 'region', 'resource_id'])
    .execute()
  await db.schema
    .createIndex('scaling_targets_endpoint')
    .on('scaling_targets')
    .columns(['account', 'region', 'name_key'])
    .execute()
  await db.schema
    .createTable('scaling_policies')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('target_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('configuration', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addUniqueConstraint('scaling_policies_name', ['target_id', 'name'])
    .execute()
  await db.schema
    .createTable('scaling_alarms')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('policy_id', 'text', (column) => column.notNull())
    .addColumn('side', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('scaling_alarms_pk', ['account', 'region', 'name'])
    .addUniqueConstraint('scaling_alarms_side', ['policy_id', 'side'])
    .execute()
  await createActivities(db)
}

async function createActivities(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('scaling_activities')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('target_id', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('cause', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('status_message', 'text')
    .addColumn('to_capacity', 'integer', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .execute()
  await db.schema
    .createIndex('scaling_activities_listed')
    .on('scaling_activities')
    .columns(['account', 'region', 'started_at', 'id'])
    .execute()
  await db.schema
    .createIndex('scaling_activities_target')
    .on('scaling_activities')
    .columns(['target_id', 'status'])
    .execute()
  await db.schema.createIndex('scaling_activities_age').on('scaling_activities').column('started_at').execute()
}
