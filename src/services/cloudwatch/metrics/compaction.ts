import type { Clock } from '../../../shared/clock.ts'
import type { Database } from '../../../storage/database.ts'
import type { MetricPointRow } from '../../../storage/schema/cloudwatch.ts'
import { one, statement } from '../../../storage/statement.ts'
import { startOf } from './aggregate.ts'
import { BLOCK_SECONDS, mergePoints, packBlock, unpackBlock } from './block-codec.ts'
import { pointOf } from './read-points.ts'

/** Parts that were stored less than this ago may still be repeated by their writer, and are left alone. */
const SETTLED = 2 * 60_000
/** Intervals below a minute are kept for three hours, everything for fifteen days. Source: CloudWatch's metrics retention. */
const FINE_LIFE = 3 * 60 * 60_000
export const METRIC_LIFE = 15 * 24 * 60 * 60_000

const HOUR = BLOCK_SECONDS * 1000
/** Series of one look, and parts of one unit. */
const SERIES_CHUNK = 200
const PARTS_CHUNK = 10_000

class Overtaken extends Error {
  override readonly name = 'Overtaken'
}

/**
 * Moves what writers have stored into blocks of an hour, makes minutes of old seconds, and forgets what is too old. May be
 * interrupted and repeated anywhere; of two that run at once one is rolled back.
 */
export async function compactMetrics(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const now = clock.now()
  await moveParts(database, now, signal)
  await coarsen(database, now, signal)
  await database.commit([
    statement(database.query.deleteFrom('cloudwatch_blocks').where('hour', '<', now - METRIC_LIFE - HOUR)),
  ])
  await forgetSeries(database, now)
}

async function moveParts(database: Database, now: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const some = await database.query
      .selectFrom('cloudwatch_points')
      .select('series_id')
      .distinct()
      .where('stored_at', '<', now - SETTLED)
      .limit(SERIES_CHUNK)
      .execute()
    for (const { series_id } of some) {
      signal.throwIfAborted()
      await moveSeries(database, series_id, now)
    }
    if (some.length < SERIES_CHUNK) return
  }
}

/** Moves the settled parts of a series, the oldest first. */
async function moveSeries(database: Database, id: string, now: number): Promise<void> {
  const settled = now - SETTLED
  for (;;) {
    const rows = await database.query
      .selectFrom('cloudwatch_points')
      .selectAll()
      .where('series_id', '=', id)
      .where('stored_at', '<', settled)
      .orderBy('at')
      .limit(PARTS_CHUNK)
      .execute()
    // The rows of the last moment may not all have been read.
    const whole = rows.length < PARTS_CHUNK ? rows : rows.filter(({ at }) => at !== rows.at(-1)?.at)
    if (whole.length === 0 && rows.length > 0) throw new Error(`series ${id} has ${rows.length} parts of one moment`)
    const byHour = Map.groupBy(whole, ({ at }) => startOf(at, BLOCK_SECONDS))
    for (const [hour, parts] of byHour) await moveHour(database, id, hour, parts, now)
    if (rows.length < PARTS_CHUNK) return
  }
}

async function moveHour(
  database: Database,
  id: string,
  hour: number,
  parts: readonly MetricPointRow[],
  now: number,
): Promise<void> {
  const { query } = database
  const block = await query
    .selectFrom('cloudwatch_blocks')
    .select(['version', 'data'])
    .where('series_id', '=', id)
    .where('hour', '=', hour)
    .executeTakeFirst()
  const known = block === undefined ? [] : unpackBlock(hour, block.data)
  const points = mergePoints([...known, ...parts.map(pointOf)], isFineKept(hour, now) ? 1 : 60)
  const values = {
    version: (block?.version ?? 0) + 1,
    fine: points.some(({ width }) => width < 60) ? 1 : 0,
    data: packBlock(hour, points),
  }
  const overtaken = () => new Overtaken(`the block of series ${id} at ${hour} has changed`)
  const last = parts.at(-1) as MetricPointRow
  await database.commit([
    // What has been read and nothing else: rows never change, and new ones are not settled.
    statement(
      query
        .deleteFrom('cloudwatch_points')
        .where('series_id', '=', id)
        .where('at', '>=', hour)
        .where('at', '<=', last.at)
        .where('stored_at', '<', now - SETTLED),
      { rows: parts.length, otherwise: overtaken },
    ),
    block === undefined
      ? statement(query.insertInto('cloudwatch_blocks').values({ series_id: id, hour, ...values }))
      : statement(
          query
            .updateTable('cloudwatch_blocks')
            .set(values)
            .where('series_id', '=', id)
            .where('hour', '=', hour)
            .where('version', '=', block.version),
          one(overtaken),
        ),
  ])
}

const isFineKept = (hour: number, now: number): boolean => hour + HOUR > now - FINE_LIFE

/** Makes minutes of the seconds in blocks that are old enough. */
async function coarsen(database: Database, now: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const blocks = await database.query
      .selectFrom('cloudwatch_blocks')
      .selectAll()
      .where('fine', '=', 1)
      .where('hour', '<=', now - FINE_LIFE - HOUR)
      .limit(SERIES_CHUNK)
      .execute()
    for (const { series_id, hour, version, data } of blocks) {
      const coarse = packBlock(hour, mergePoints(unpackBlock(hour, data), 60))
      await database.commit([
        statement(
          database.query
            .updateTable('cloudwatch_blocks')
            .set({ version: version + 1, fine: 0, data: coarse })
            .where('series_id', '=', series_id)
            .where('hour', '=', hour)
            .where('version', '=', version),
          one(() => new Overtaken(`the block of series ${series_id} at ${hour} has changed`)),
        ),
      ])
    }
    if (blocks.length < SERIES_CHUNK) return
  }
}

/** Forgets series that nothing has been written to for as long as values are kept. */
async function forgetSeries(database: Database, now: number): Promise<void> {
  const { query } = database
  const forgotten = query
    .deleteFrom('cloudwatch_series')
    .where('last_at', '<', now - METRIC_LIFE - HOUR)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('cloudwatch_points as part')
            .select('part.series_id')
            .whereRef('part.series_id', '=', 'cloudwatch_series.id'),
        ),
      ),
    )
  const totals = query
    .deleteFrom('cloudwatch_totals')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('cloudwatch_series as one')
            .select('one.id')
            .whereRef('one.id', '=', 'cloudwatch_totals.series_id'),
        ),
      ),
    )
  await database.commit([statement(forgotten), statement(totals)])
}
