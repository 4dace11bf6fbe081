import type { Kysely } from 'kysely'

/** Groups of users; their policies are kept with those of users and roles. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('iam_groups')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('group_id', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('iam_groups_key', ['account', 'name_key'])
    .execute()

  await db.schema
    .createTable('iam_group_members')
    .addColumn('group_id', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('iam_group_members_key', ['group_id', 'user_id'])
    .execute()

  await db.schema.createIndex('iam_group_members_user').on('iam_group_members').column('user_id').execute()
}
