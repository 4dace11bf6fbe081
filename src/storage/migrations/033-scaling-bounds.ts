import type { Kysely } from 'kysely'

/** Scalable targets remember which capacity was to be brought between their bounds, so that one set by hand since then stays. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('scaling_targets').addColumn('outside_capacity', 'integer').execute()
}
