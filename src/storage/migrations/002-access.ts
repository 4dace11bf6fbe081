import type { Kysely } from 'kysely'

/** Accounts, access keys and IAM. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('access_accounts')
    .addColumn('account', 'text', (column) => column.primaryKey())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('access_keys')
    .addColumn('access_key_id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text')
    .addColumn('secret', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('access_keys_owner').on('access_keys').columns(['account', 'user_id']).execute()
  await createPrincipals(db)
  await createPolicies(db)
}

async function createPrincipals(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('iam_roles')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('role_id', 'text', (column) => column.notNull().unique())
    .addColumn('trust_policy', 'text', (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('max_session_duration', 'integer', (column) => column.notNull())
    .addColumn('permissions_boundary', 'text')
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('iam_roles_pk', ['account', 'name_key'])
    .execute()
  await db.schema
    .createTable('iam_users')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text', (column) => column.notNull().unique())
    .addColumn('permissions_boundary', 'text')
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('iam_users_pk', ['account', 'name_key'])
    .execute()
}

async function createPolicies(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('iam_inline_policies')
    .addColumn('owner_id', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('size', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('iam_inline_policies_pk', ['owner_id', 'name'])
    .execute()
  await db.schema
    .createTable('iam_policies')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('path', 'text', (column) => column.notNull())
    .addColumn('policy_id', 'text', (column) => column.notNull().unique())
    .addColumn('description', 'text')
    .addColumn('default_version', 'integer', (column) => column.notNull())
    .addColumn('last_version', 'integer', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('iam_policies_pk', ['account', 'name_key'])
    .execute()
  await db.schema
    .createTable('iam_policy_versions')
    .addColumn('policy_id', 'text', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('iam_policy_versions_pk', ['policy_id', 'version'])
    .execute()
  await db.schema
    .createTable('iam_attachments')
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('owner_kind', 'text', (column) => column.notNull())
    .addColumn('owner_id', 'text', (column) => column.notNull())
    .addColumn('policy_arn', 'text', (column) => column.notNull())
    .addColumn('policy_name', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('iam_attachments_pk', ['owner_id', 'policy_arn'])
    .execute()
  await db.schema
    .createIndex('iam_attachments_by_policy')
    .on('iam_attachments')
    .columns(['account', 'policy_arn', 'owner_kind', 'owner_id'])
    .execute()
}
