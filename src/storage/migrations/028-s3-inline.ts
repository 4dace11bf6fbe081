import type { Kysely } from 'kysely'

/** The bytes of small objects of S3 lie in the rows of their slices. Where there are none, they are a file, as before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const postgres = db.getExecutor().adapter.supportsTransactionalDdl
  await db.schema
    .alterTable('s3_slices')
    .addColumn('content', postgres ? 'bytea' : 'blob')
    .execute()
}
