import type { Kysely } from 'kysely'

/**
 * Encryption of S3's bytes: the default of a bucket, what an object or upload is encrypted with, the key of each blob.
 * What is null was written before and is plain.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const table of ['s3_buckets', 's3_objects', 's3_uploads']) {
    await db.schema.alterTable(table).addColumn('encryption', 'text').execute()
  }
  await db.schema.alterTable('s3_slices').addColumn('sealed_key', 'text').execute()
}
