import { type Kysely, sql } from 'kysely'

/** Fleets of an endpoint, the update that exchanges them, and who still waits for answers of what is to be ended. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('endpoints')
    .addColumn('fleet', 'integer', (column) => column.notNull().defaultTo(1))
    .execute()
  await db.schema
    .alterTable('endpoint_instances')
    .addColumn('fleet', 'integer', (column) => column.notNull().defaultTo(1))
    .execute()
  await keyVariantsByFleet(db)
  await db.schema
    .createTable('endpoint_deployments')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('fleet', 'integer', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('config_name', 'text')
    .addColumn('spec', 'text')
    .addColumn('policy', 'text', (column) => column.notNull())
    .addColumn('previous', 'text')
    .addColumn('phase', 'text', (column) => column.notNull())
    .addColumn('step', 'integer', (column) => column.notNull())
    .addColumn('turned_step', 'integer')
    .addColumn('reason', 'text')
    .addColumn('phase_at', 'bigint', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('endpoint_deployments_pk', ['account', 'region', 'name_key', 'fleet'])
    .execute()
  await db.schema
    .createTable('endpoint_holds')
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('worker', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('endpoint_holds_pk', ['instance_id', 'worker'])
    .execute()
}

/** By copy: SQLite cannot change a primary key. */
async function keyVariantsByFleet(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('endpoint_fleet_variants')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('fleet', 'integer', (column) => column.notNull())
    .addColumn('variant_name', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('instance_type', 'text', (column) => column.notNull())
    .addColumn('desired_weight', 'double precision', (column) => column.notNull())
    .addColumn('desired_instance_count', 'integer', (column) => column.notNull())
    .addColumn('current_weight', 'double precision')
    .addColumn('current_instance_count', 'integer')
    .addColumn('traffic', 'double precision', (column) => column.notNull())
    .addColumn('deployed_images', 'text')
    .addColumn('variant_status', 'text')
    .addPrimaryKeyConstraint('endpoint_fleet_variants_pk', ['account', 'region', 'name_key', 'fleet', 'variant_name'])
    .execute()
  await sql`insert into endpoint_fleet_variants (account, region, name_key, fleet, variant_name, position, instance_type,
      desired_weight, desired_instance_count, current_weight, current_instance_count, traffic, deployed_images, variant_status)
    select account, region, name_key, 1, variant_name, position, instance_type,
      desired_weight, desired_instance_count, current_weight, current_instance_count, 1, deployed_images, variant_status
    from endpoint_variants`.execute(db)
  await db.schema.dropTable('endpoint_variants').execute()
  await db.schema.alterTable('endpoint_fleet_variants').renameTo('endpoint_variants').execute()
}
