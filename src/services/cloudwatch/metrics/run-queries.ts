import type { Database } from '../../../storage/database.ts'
import type { TimeSeries, Value } from '../math/values.ts'
import { type Point, periodStart } from './aggregate.ts'
import type { MetricQuery, StatQuery } from './metric-queries.ts'
import { queryScope, resultOf } from './query-scope.ts'
import { byPeriod, ofUnit, readPoints } from './read-points.ts'

/** What a query has come to. An expression over several series may give several. */
export interface QueryResult {
  readonly query: MetricQuery
  readonly series: readonly TimeSeries[]
}

/** All of it in epoch milliseconds. */
export interface QueryRange {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** Where some period begins, and so all others. */
  readonly origin: number
}

/**
 * Answers queries: those that are to be returned, in their order. The period that holds the start is the first.
 * @throws ValidationError for an expression that comes to nothing
 */
export async function runQueries(
  database: Database,
  queries: readonly MetricQuery[],
  { start, end, origin }: QueryRange,
): Promise<readonly QueryResult[]> {
  const stats = queries.filter((query) => query.kind === 'stat')
  const found = new Map<string, Value>()
  // One series at a time: of many, over weeks, only the answers are held.
  for (const [id, asked] of Map.groupBy(stats, ({ series }) => series.id)) {
    const earliest = Math.min(...asked.map(({ period }) => periodStart(start, period, origin)))
    const points = (await readPoints(database, [id], earliest, end)).get(id) ?? []
    for (const query of asked) found.set(query.id, seriesFor(query, points, { start, end, origin }))
  }
  const scope = queryScope(queries, found, { start, end, origin, period: shortestPeriod(queries) })
  return queries.filter(({ isReturned }) => isReturned).map((query) => ({ query, series: resultOf(query, scope) }))
}

/** Of the metrics that are asked for, in seconds. */
export function shortestPeriod(queries: readonly MetricQuery[]): number {
  const periods = queries.filter((query) => query.kind === 'stat').map(({ period }) => period)
  return periods.length === 0 ? 60 : Math.min(...periods)
}

function seriesFor(query: StatQuery, points: readonly Point[], { start, end, origin }: QueryRange): TimeSeries {
  const { period, statistic, unit, label } = query
  const from = periodStart(start, period, origin)
  const values = new Map<number, number>()
  const periods = byPeriod(
    points.filter(({ at }) => at >= from && at < end),
    period,
    origin,
  )
  for (const at of [...periods.keys()].sort((a, b) => a - b)) {
    const aggregate = ofUnit(periods.get(at) as NonNullable<ReturnType<typeof periods.get>>, unit)
    const value = aggregate === undefined ? undefined : statistic(aggregate)
    if (value !== undefined) values.set(at, value)
  }
  return { label, period, values }
}
