import { sql } from 'kysely'
import { randomText } from '../../../shared/ids.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { MetricPointRow } from '../../../storage/schema/cloudwatch.ts'
import { none, statement } from '../../../storage/statement.ts'
import { type Aggregate, merge, type Point } from './aggregate.ts'
import type { Series } from './series.ts'
import type { SeriesOwner, SeriesRegistry } from './series-registry.ts'

/** What is to be added to a series. */
export interface SeriesPoint {
  readonly series: Series
  readonly point: Point
}

export interface WriteOptions {
  /** Names the batch when it may have to be repeated: what is stored already is not stored again. */
  readonly batch?: string
  /** Default `caller`. What the server has observed is counted for Prometheus too, unless it is spare. */
  readonly whose?: SeriesOwner
}

/** Rows of one insert: few different sizes, so that the database meets few different statements. */
const INSERT_SIZES = [256, 32, 8, 1]

class BatchStored extends Error {
  override readonly name = 'BatchStored'
}

export const newBatch = (): string => randomText(12)

/** Stores points: one unit of work for all that is written at once, none for what is waiting meanwhile. */
export class PointWriter {
  readonly #database: Database
  readonly #registry: SeriesRegistry

  constructor(database: Database, registry: SeriesRegistry) {
    this.#database = database
    this.#registry = registry
  }

  /**
   * Stores points of one account and region; durable when it resolves.
   * @throws LimitExceeded, when a new series would be one too many; nothing is stored then
   */
  async write(points: readonly SeriesPoint[], now: number, options: WriteOptions = {}): Promise<void> {
    if (points.length === 0) return
    const { batch = newBatch(), whose = 'caller' } = options
    await this.#registry.ensure(
      points.map(({ series }) => series),
      now,
      whose,
    )
    const stored = this.#database.query
      .selectFrom('cloudwatch_points')
      .select('batch')
      .where('batch', '=', batch)
      .limit(1)
    try {
      await this.#database.commit([
        statement(
          stored,
          none(() => new BatchStored()),
        ),
        ...this.#inserts(rowsOf(points, batch, now)),
        ...(whose === 'server' ? this.#totals(points) : []),
      ])
    } catch (error) {
      if (!(error instanceof BatchStored)) throw error
    }
  }

  /** Whether something can be added to the series without making it. */
  knows(series: Series): boolean {
    return this.#registry.knows(series)
  }

  #inserts(rows: readonly MetricPointRow[]): Statement[] {
    const statements: Statement[] = []
    let at = 0
    for (const size of INSERT_SIZES)
      for (; rows.length - at >= size; at += size) {
        const some = rows.slice(at, at + size)
        statements.push(statement(this.#database.query.insertInto('cloudwatch_points').values(some)))
      }
    return statements
  }

  #totals(points: readonly SeriesPoint[]): Statement[] {
    const bySeries = new Map<string, { aggregate: Aggregate; last: Point }>()
    for (const { series, point } of points) {
      const known = bySeries.get(series.id)
      const last = known === undefined || known.last.at <= point.at ? point : known.last
      const aggregate = known === undefined ? point.aggregate : merge(known.aggregate, point.aggregate)
      bySeries.set(series.id, { aggregate, last })
    }
    return [...bySeries].map(([series_id, { aggregate, last }]) =>
      statement(
        this.#database.query
          .insertInto('cloudwatch_totals')
          .values({
            series_id,
            sample_count: aggregate.count,
            total: aggregate.sum,
            last_value: last.aggregate.sum / last.aggregate.count,
            last_at: last.at,
          })
          .onConflict((conflict) =>
            conflict.column('series_id').doUpdateSet({
              sample_count: sql<number>`cloudwatch_totals.sample_count + excluded.sample_count`,
              total: sql<number>`cloudwatch_totals.total + excluded.total`,
              last_value: sql<number>`excluded.last_value`,
              last_at: sql<number>`excluded.last_at`,
            }),
          ),
      ),
    )
  }
}

/** One row for each series, interval and unit. */
function rowsOf(points: readonly SeriesPoint[], batch: string, now: number): MetricPointRow[] {
  const merged = new Map<string, SeriesPoint>()
  for (const { series, point } of points) {
    const key = `${series.id} ${point.at} ${point.width} ${point.unit}`
    const known = merged.get(key)?.point.aggregate
    const aggregate = known === undefined ? point.aggregate : merge(known, point.aggregate)
    merged.set(key, { series, point: { ...point, aggregate } })
  }
  return [...merged.values()].map(({ series, point: { at, width, unit, aggregate } }) => ({
    series_id: series.id,
    at,
    batch,
    width,
    unit,
    sample_count: aggregate.count,
    total: aggregate.sum,
    minimum: aggregate.minimum,
    maximum: aggregate.maximum,
    histogram: aggregate.histogram === undefined ? null : JSON.stringify(aggregate.histogram),
    stored_at: now,
  }))
}
