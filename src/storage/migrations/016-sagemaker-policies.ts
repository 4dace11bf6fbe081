import type { Kysely } from 'kysely'

/** Resource policies of model package groups, one a group. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('model_package_group_policies')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('group_key', 'text', (column) => column.notNull())
    .addColumn('policy', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('model_package_group_policies_key', ['account', 'region', 'group_key'])
    .execute()

  // Groups that others share are looked for among those of a region that have a policy at all.
  await db.schema
    .createIndex('model_package_group_policies_region')
    .on('model_package_group_policies')
    .column('region')
    .execute()
}
