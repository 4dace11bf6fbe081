import { type Kysely, sql } from 'kysely'

/**
 * S3: buckets, objects, their content, multipart uploads. Keys are listed in the order of their UTF-8 bytes: that is
 * SQLite's own collation; PostgreSQL has to be told.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const bytewise = db.getExecutor().adapter.supportsTransactionalDdl ? sql`text collate "C"` : ('text' as const)

  await db.schema
    .createTable('s3_buckets')
    .addColumn('name', bytewise, (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('tags', 'text')
    .execute()
  await db.schema.createIndex('s3_buckets_by_account').on('s3_buckets').columns(['account', 'name']).execute()

  await db.schema
    .createTable('s3_objects')
    .addColumn('bucket', 'text', (column) => column.notNull())
    .addColumn('key', bytewise, (column) => column.notNull())
    .addColumn('object_id', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('etag', 'text', (column) => column.notNull())
    .addColumn('last_modified', 'bigint', (column) => column.notNull())
    .addColumn('storage_class', 'text', (column) => column.notNull())
    .addColumn('checksum_algorithm', 'text', (column) => column.notNull())
    .addColumn('checksum_type', 'text', (column) => column.notNull())
    .addColumn('checksum', 'text', (column) => column.notNull())
    .addColumn('part_count', 'integer')
    .addColumn('upload_id', 'text')
    .addColumn('headers', 'text', (column) => column.notNull())
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('tags', 'text')
    .addPrimaryKeyConstraint('s3_objects_key', ['bucket', 'key'])
    .execute()

  await db.schema
    .createTable('s3_slices')
    .addColumn('owner_id', 'text', (column) => column.notNull())
    .addColumn('part_number', 'integer', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('blob_id', 'text', (column) => column.notNull())
    .addColumn('blob_offset', 'bigint', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('part_checksum', 'text')
    .addPrimaryKeyConstraint('s3_slices_key', ['owner_id', 'part_number', 'position'])
    .execute()
  await db.schema.createIndex('s3_slices_by_blob').on('s3_slices').column('blob_id').execute()

  await db.schema
    .createTable('s3_released')
    .addColumn('owner_id', 'text', (column) => column.primaryKey())
    .addColumn('released_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('s3_released_by_time').on('s3_released').column('released_at').execute()

  await db.schema
    .createTable('s3_uploads')
    .addColumn('upload_id', 'text', (column) => column.primaryKey())
    .addColumn('bucket', 'text', (column) => column.notNull())
    .addColumn('key', bytewise, (column) => column.notNull())
    .addColumn('initiator_arn', 'text', (column) => column.notNull())
    .addColumn('initiated_at', 'bigint', (column) => column.notNull())
    .addColumn('storage_class', 'text', (column) => column.notNull())
    .addColumn('checksum_algorithm', 'text')
    .addColumn('checksum_type', 'text')
    .addColumn('headers', 'text', (column) => column.notNull())
    .addColumn('metadata', 'text', (column) => column.notNull())
    .addColumn('tags', 'text')
    .execute()
  await db.schema.createIndex('s3_uploads_by_key').on('s3_uploads').columns(['bucket', 'key', 'upload_id']).execute()

  await db.schema
    .createTable('s3_parts')
    .addColumn('upload_id', 'text', (column) => column.notNull())
    .addColumn('part_number', 'integer', (column) => column.notNull())
    .addColumn('part_id', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('etag', 'text', (column) => column.notNull())
    .addColumn('checksum', 'text', (column) => column.notNull())
    .addColumn('last_modified', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('s3_parts_key', ['upload_id', 'part_number'])
    .execute()
}
