import { type Kysely, sql } from 'kysely'

/**
 * CloudWatch: metrics as parts that writers have just stored and as blocks of an hour, what Prometheus is told, alarms
 * with their history and the actions that are still to be taken. Names are listed in the order of their bytes: that is
 * SQLite's own collation; PostgreSQL has to be told.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  const postgres = db.getExecutor().adapter.supportsTransactionalDdl
  const bytewise = postgres ? sql`text collate "C"` : ('text' as const)
  const bytes = postgres ? ('bytea' as const) : ('blob' as const)
  const double = 'double precision' as const

  await db.schema
    .createTable('cloudwatch_series')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('namespace', bytewise, (column) => column.notNull())
    .addColumn('name', bytewise, (column) => column.notNull())
    .addColumn('dimensions', bytewise, (column) => column.notNull())
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('cloudwatch_series_in_order')
    .on('cloudwatch_series')
    .columns(['account', 'region', 'namespace', 'name', 'dimensions'])
    .execute()
  await db.schema.createIndex('cloudwatch_series_by_time').on('cloudwatch_series').column('last_at').execute()

  await db.schema
    .createTable('cloudwatch_points')
    .addColumn('series_id', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('batch', 'text', (column) => column.notNull())
    .addColumn('width', 'integer', (column) => column.notNull())
    .addColumn('unit', 'text', (column) => column.notNull())
    .addColumn('sample_count', double, (column) => column.notNull())
    .addColumn('total', double, (column) => column.notNull())
    .addColumn('minimum', double, (column) => column.notNull())
    .addColumn('maximum', double, (column) => column.notNull())
    .addColumn('histogram', 'text')
    .addColumn('stored_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('cloudwatch_points_key', ['series_id', 'at', 'batch', 'width', 'unit'])
    .execute()
  await db.schema
    .createIndex('cloudwatch_points_by_time')
    .on('cloudwatch_points')
    .columns(['stored_at', 'series_id'])
    .execute()
  await db.schema.createIndex('cloudwatch_points_by_batch').on('cloudwatch_points').column('batch').execute()

  await db.schema
    .createTable('cloudwatch_blocks')
    .addColumn('series_id', 'text', (column) => column.notNull())
    .addColumn('hour', 'bigint', (column) => column.notNull())
    .addColumn('version', 'integer', (column) => column.notNull())
    .addColumn('fine', 'integer', (column) => column.notNull())
    .addColumn('data', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('cloudwatch_blocks_key', ['series_id', 'hour'])
    .execute()
  await db.schema.createIndex('cloudwatch_blocks_by_time').on('cloudwatch_blocks').columns(['hour', 'fine']).execute()

  await db.schema
    .createTable('cloudwatch_totals')
    .addColumn('series_id', 'text', (column) => column.primaryKey())
    .addColumn('sample_count', double, (column) => column.notNull())
    .addColumn('total', double, (column) => column.notNull())
    .addColumn('last_value', double, (column) => column.notNull())
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('cloudwatch_alarms')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('name', bytewise, (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('settings', 'text', (column) => column.notNull())
    .addColumn('namespace', 'text')
    .addColumn('metric_name', 'text')
    .addColumn('dimensions', 'text')
    .addColumn('actions_enabled', 'integer', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('state_reason', 'text', (column) => column.notNull())
    .addColumn('state_reason_data', 'text')
    .addColumn('state_updated_at', 'bigint', (column) => column.notNull())
    .addColumn('state_transitioned_at', 'bigint', (column) => column.notNull())
    .addColumn('configured_at', 'bigint', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addUniqueConstraint('cloudwatch_alarms_name', ['account', 'region', 'name'])
    .execute()
  await db.schema
    .createIndex('cloudwatch_alarms_by_metric')
    .on('cloudwatch_alarms')
    .columns(['account', 'region', 'namespace', 'metric_name'])
    .execute()

  await db.schema
    .createTable('cloudwatch_alarm_history')
    .addColumn('id', bytewise, (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('alarm_name', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('data', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('cloudwatch_alarm_history_in_order')
    .on('cloudwatch_alarm_history')
    .columns(['account', 'region', 'alarm_name', 'id'])
    .execute()
  await db.schema
    .createIndex('cloudwatch_alarm_history_by_account')
    .on('cloudwatch_alarm_history')
    .columns(['account', 'region', 'id'])
    .execute()
  await db.schema.createIndex('cloudwatch_alarm_history_by_time').on('cloudwatch_alarm_history').column('at').execute()

  await db.schema
    .createTable('cloudwatch_alarm_actions')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account', 'text', (column) => column.notNull())
    .addColumn('region', 'text', (column) => column.notNull())
    .addColumn('alarm_name', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute()
}
