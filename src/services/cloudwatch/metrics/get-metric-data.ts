import type { GetMetricDataInput, GetMetricDataOutput, MetricDataResult } from '../../../model/generated/cloudwatch.ts'
import { decodePageToken, encodePageToken } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { invalidNextToken } from '../errors.ts'
import { METRIC_LIFE } from './compaction.ts'
import { invalid, type MetricQuery, readMetricQueries } from './metric-queries.ts'
import { checkPeriod } from './period.ts'
import { runQueries, shortestPeriod } from './run-queries.ts'

const MOST_DATAPOINTS = 100_800
/** What one request may make the server work out, over all of its pages. */
const MOST_ASKED = 2_000_000
const FUTURE = 2 * 60 * 60_000

/** GetMetricData: the newest first unless asked otherwise, 100,800 values a page. */
export async function getMetricData(
  { database }: CloudwatchDeps,
  input: GetMetricDataInput,
  context: RequestContext,
): Promise<GetMetricDataOutput> {
  const { MetricDataQueries: given, StartTime: start, EndTime: end, ScanBy = 'TimestampDescending' } = input
  const size = input.MaxDatapoints ?? MOST_DATAPOINTS
  if (size < 1 || size > MOST_DATAPOINTS) throw invalid(`The value ${size} for parameter MaxDatapoints is invalid.`)
  if (start >= end) throw invalid('The parameter StartTime must be less than the parameter EndTime.')
  const zone = input.LabelOptions?.Timezone
  if (zone !== undefined && !/^[+-]\d{4}$/.test(zone))
    throw invalid(`The value ${zone.slice(0, 64)} for parameter LabelOptions.Timezone is invalid.`)
  if (given.length === 0) throw invalid('The parameter MetricDataQueries is required.')
  const queries = readMetricQueries(context, given, 'MetricDataQueries')
  if (!queries.some(({ isReturned }) => isReturned))
    throw invalid('At least one of the queries must have ReturnData set to true.')
  for (const query of queries) if (query.kind === 'stat') checkPeriod(query.period, start, context.now)
  // Nothing is kept from before, and nothing can be put beyond.
  const from = Math.max(start, context.now - METRIC_LIFE)
  const to = Math.min(end, context.now + FUTURE)
  checkAmount(queries, from, to)
  const scope = JSON.stringify(['GetMetricData', context.account, context.region, given, start, end, ScanBy])
  const token = input.NextToken === undefined ? undefined : decodePageToken(scope, input.NextToken)
  if (input.NextToken !== undefined && token === undefined) throw invalidNextToken()
  const skipped = Number(token?.[0] ?? 0)

  const found = (await runQueries(database, queries, { start: from, end: to, origin: 0 })).flatMap(
    ({ query, series }) => series.map((one) => ({ id: query.id, series: one })),
  )
  const total = found.reduce((count, { series }) => count + series.values.size, 0)
  const isLast = skipped + size >= total
  const results: MetricDataResult[] = []
  let position = 0
  for (const { id, series } of found) {
    const entries = ScanBy === 'TimestampAscending' ? [...series.values] : [...series.values].reverse()
    const first = Math.max(0, skipped - position)
    const shown = entries.slice(first, Math.max(0, skipped + size - position))
    // A result without values is told on the last page; others where their values are.
    if (entries.length === 0 ? isLast : shown.length > 0)
      results.push({
        Id: id,
        Label: series.label,
        Timestamps: shown.map(([at]) => at),
        Values: shown.map(([, value]) => value),
        StatusCode: first + shown.length >= entries.length ? 'Complete' : 'PartialData',
      })
    position += entries.length
  }
  return {
    MetricDataResults: results,
    Messages: [],
    ...(!isLast && { NextToken: encodePageToken(scope, [skipped + size]) }),
  }
}

function checkAmount(queries: readonly MetricQuery[], from: number, to: number): void {
  const shortest = shortestPeriod(queries)
  const asked = queries.reduce((total, query) => {
    const period = query.kind === 'stat' ? query.period : shortest
    return total + Math.max(0, Math.ceil((to - from) / (period * 1000)))
  }, 0)
  if (asked > MOST_ASKED)
    throw invalid(
      `You have requested up to ${asked} datapoints, which exceeds the limit of ${MOST_ASKED}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    )
}
