import { type Kysely, sql } from 'kysely'

/** The containers of each instance, which may be several; until now each instance was one, in its own row. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('endpoint_containers')
    .addColumn('instance_id', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('container_id', 'text')
    .addColumn('address', 'text')
    .addColumn('image', 'text', (column) => column.notNull())
    .addColumn('image_digest', 'text')
    .addColumn('started_at', 'bigint')
    .addColumn('logged_until', 'text')
    .addPrimaryKeyConstraint('endpoint_containers_pk', ['instance_id', 'position'])
    .execute()
  await sql`insert into endpoint_containers
      (instance_id, position, name, container_id, address, image, image_digest, started_at, logged_until)
    select id, 0, 'container_1', container_id, address, image, image_digest, started_at, logged_until
    from endpoint_instances`.execute(db)
  for (const moved of ['container_id', 'address', 'image', 'image_digest', 'started_at', 'logged_until'])
    await db.schema.alterTable('endpoint_instances').dropColumn(moved).execute()
}
