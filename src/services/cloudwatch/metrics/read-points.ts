import { sql } from 'kysely'
import type { Database } from '../../../storage/database.ts'
import type { Aggregate, Point } from './aggregate.ts'
import { merge, startOf } from './aggregate.ts'
import { BLOCK_SECONDS, unpackBlock } from './block-codec.ts'
import type { Histogram } from './histogram.ts'

/**
 * The points of series from `start` to before `end`, epoch milliseconds. Parts and blocks are read by one statement: what
 * is moved from one to the other meanwhile is neither missed nor seen twice.
 */
export async function readPoints(
  database: Database,
  seriesIds: readonly string[],
  start: number,
  end: number,
): Promise<ReadonlyMap<string, Point[]>> {
  const found = new Map<string, Point[]>(seriesIds.map((id) => [id, []]))
  if (seriesIds.length === 0 || end <= start) return found
  const double = sql<number>`cast(null as double precision)`
  const noBytes =
    database.dialect === 'postgres' ? sql<Uint8Array | null>`cast(null as bytea)` : sql<Uint8Array | null>`null`
  const parts = database.query
    .selectFrom('cloudwatch_points')
    .select(['series_id', 'at', 'width', 'unit', 'sample_count', 'total', 'minimum', 'maximum', 'histogram'])
    .select(noBytes.as('data'))
    .where('series_id', 'in', [...seriesIds])
    .where('at', '>=', start)
    .where('at', '<', end)
  const blocks = database.query
    .selectFrom('cloudwatch_blocks')
    .select(['series_id', 'hour as at', sql<number>`0`.as('width'), sql<string>`''`.as('unit')])
    .select([double.as('sample_count'), double.as('total'), double.as('minimum'), double.as('maximum')])
    .select([sql<string | null>`null`.as('histogram'), 'data'])
    .where('series_id', 'in', [...seriesIds])
    .where('hour', '>=', startOf(start, BLOCK_SECONDS))
    .where('hour', '<', end)
  const rows = await parts.unionAll(blocks).execute()
  for (const row of rows) {
    const points = found.get(row.series_id) as Point[]
    if (row.data === null) points.push(pointOf(row))
    else for (const point of unpackBlock(row.at, row.data)) if (point.at >= start && point.at < end) points.push(point)
  }
  return found
}

/** A row of the table of parts as a point. */
export function pointOf(row: {
  readonly at: number
  readonly width: number
  readonly unit: string
  readonly sample_count: number
  readonly total: number
  readonly minimum: number
  readonly maximum: number
  readonly histogram: string | null
}): Point {
  const histogram = row.histogram === null ? undefined : (JSON.parse(row.histogram) as Histogram)
  const { at, width, unit, sample_count: count, total: sum, minimum, maximum } = row
  return { at, width, unit, aggregate: { count, sum, minimum, maximum, histogram } }
}

/** Points by the period they fall into, `periodSeconds` long and counted from `origin`; by unit within it. */
export function byPeriod(
  points: readonly Point[],
  periodSeconds: number,
  origin: number,
): ReadonlyMap<number, ReadonlyMap<string, Aggregate>> {
  const period = periodSeconds * 1000
  const periods = new Map<number, Map<string, Aggregate>>()
  for (const { at, unit, aggregate } of points) {
    const start = origin + Math.floor((at - origin) / period) * period
    let units = periods.get(start)
    if (units === undefined) {
      units = new Map()
      periods.set(start, units)
    }
    const known = units.get(unit)
    units.set(unit, known === undefined ? aggregate : merge(known, aggregate))
  }
  return periods
}

/** All values of a period, of one unit or of every one; undefined when there are none. */
export function ofUnit(units: ReadonlyMap<string, Aggregate>, unit: string | undefined): Aggregate | undefined {
  if (unit !== undefined) return units.get(unit)
  let all: Aggregate | undefined
  for (const aggregate of units.values()) all = all === undefined ? aggregate : merge(all, aggregate)
  return all
}
