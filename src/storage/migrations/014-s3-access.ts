import type { Kysely } from 'kysely'

const ALL_ON = '{"BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":true,"RestrictPublicBuckets":true}'

/** Policies of buckets, and what keeps them from being public: all of it, as for every bucket that is made. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('s3_buckets').addColumn('policy', 'text').execute()
  await db.schema
    .alterTable('s3_buckets')
    .addColumn('public_access_block', 'text', (column) => column.defaultTo(ALL_ON))
    .execute()
}
