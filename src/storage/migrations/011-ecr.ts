import { type Kysely, sql } from 'kysely'

/**
 * ECR: repositories, manifests, tags, layers and what is being uploaded. Names and tags are listed in the order of their
 * bytes: that is SQLite's own collation; PostgreSQL has to be told.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const bytewise = db.getExecutor().adapter.supportsTransactionalDdl ? sql`text collate "C"` : ('text' as const)

  await db.schema
    .createTable('ecr_repositories')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', bytewise, (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('tag_mutability', 'text', (column) => column.notNull())
    .addColumn('mutability_exclusions', 'text')
    .addColumn('scan_on_push', 'integer', (column) => column.notNull())
    .addColumn('policy', 'text')
    .addColumn('resource_tags', 'text', (column) => column.notNull())
    .addUniqueConstraint('ecr_repositories_name', ['account', 'region', 'name'])
    .execute()

  await db.schema
    .createTable('ecr_images')
    .addColumn('repository_id', 'text', (column) => column.notNull())
    .addColumn('digest', bytewise, (column) => column.notNull())
    .addColumn('media_type', 'text', (column) => column.notNull())
    .addColumn('config_media_type', 'text')
    .addColumn('artifact_type', 'text')
    .addColumn('subject_digest', 'text')
    .addColumn('annotations', 'text')
    .addColumn('manifest_bytes', 'integer', (column) => column.notNull())
    .addColumn('content_bytes', 'bigint', (column) => column.notNull())
    .addColumn('pushed_at', 'bigint', (column) => column.notNull())
    .addColumn('pulled_at', 'bigint')
    .addColumn('manifest', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('ecr_images_key', ['repository_id', 'digest'])
    .execute()
  await db.schema
    .createIndex('ecr_images_by_subject')
    .on('ecr_images')
    .columns(['repository_id', 'subject_digest', 'digest'])
    .execute()

  await db.schema
    .createTable('ecr_image_parts')
    .addColumn('repository_id', 'text', (column) => column.notNull())
    .addColumn('image_digest', 'text', (column) => column.notNull())
    .addColumn('part_digest', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('ecr_image_parts_key', ['repository_id', 'image_digest', 'part_digest', 'kind'])
    .execute()
  await db.schema
    .createIndex('ecr_image_parts_by_part')
    .on('ecr_image_parts')
    .columns(['repository_id', 'part_digest', 'kind'])
    .execute()

  await db.schema
    .createTable('ecr_tags')
    .addColumn('repository_id', 'text', (column) => column.notNull())
    .addColumn('tag', bytewise, (column) => column.notNull())
    .addColumn('folded', bytewise, (column) => column.notNull())
    .addColumn('digest', bytewise, (column) => column.notNull())
    .addPrimaryKeyConstraint('ecr_tags_key', ['repository_id', 'tag'])
    .execute()
  await db.schema.createIndex('ecr_tags_in_order').on('ecr_tags').columns(['repository_id', 'folded', 'tag']).execute()
  await db.schema.createIndex('ecr_tags_by_digest').on('ecr_tags').columns(['repository_id', 'digest']).execute()

  await db.schema
    .createTable('ecr_layers')
    .addColumn('repository_id', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('touched_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('ecr_layers_key', ['repository_id', 'digest'])
    .execute()
  await db.schema.createIndex('ecr_layers_by_digest').on('ecr_layers').column('digest').execute()
  await db.schema.createIndex('ecr_layers_by_time').on('ecr_layers').column('touched_at').execute()

  await db.schema
    .createTable('ecr_blobs')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('blob_id', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('released_at', 'bigint')
    .execute()
  await db.schema.createIndex('ecr_blobs_by_id').on('ecr_blobs').column('blob_id').execute()
  await db.schema.createIndex('ecr_blobs_by_time').on('ecr_blobs').column('released_at').execute()

  await db.schema
    .createTable('ecr_uploads')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('repository_id', 'text', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('part_count', 'integer', (column) => column.notNull())
    .addColumn('touched_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('ecr_uploads_by_time').on('ecr_uploads').column('touched_at').execute()
  await db.schema.createIndex('ecr_uploads_by_repository').on('ecr_uploads').column('repository_id').execute()

  await db.schema
    .createTable('ecr_upload_parts')
    .addColumn('upload_id', 'text', (column) => column.notNull())
    .addColumn('first_byte', 'bigint', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('blob_id', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('ecr_upload_parts_key', ['upload_id', 'first_byte'])
    .execute()
  await db.schema.createIndex('ecr_upload_parts_by_blob').on('ecr_upload_parts').column('blob_id').execute()
}
