import type {
  Datapoint,
  GetMetricStatisticsInput,
  GetMetricStatisticsOutput,
  StandardUnit,
} from '../../../model/generated/cloudwatch.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { invalidCombination, invalidValue, missingParameter } from '../errors.ts'
import { type Aggregate, startOf } from './aggregate.ts'
import { readDimensions } from './dimension-list.ts'
import { checkPeriod } from './period.ts'
import { byPeriod, readPoints } from './read-points.ts'
import { seriesOf } from './series.ts'
import { parseStatistic, percentileOf, type Statistic } from './statistic.ts'

const MOST_DATAPOINTS = 1_440

/** GetMetricStatistics. Periods are counted from the start, which is rounded down to a minute, or less for short periods. */
export async function getMetricStatistics(
  { database }: CloudwatchDeps,
  input: GetMetricStatisticsInput,
  context: RequestContext,
): Promise<GetMetricStatisticsOutput> {
  const { Period: period, Unit: unit } = input
  const wanted = readStatistics(input)
  checkPeriod(period, input.StartTime, context.now)
  if (input.StartTime >= input.EndTime)
    throw invalidCombination('The parameter StartTime must be less than the parameter EndTime.')
  const start = startOf(input.StartTime, Math.min(period, 60))
  // Of the time that is asked about: a day of minutes is within the limit wherever it begins.
  const count = Math.ceil((input.EndTime - input.StartTime) / (period * 1000))
  if (count > MOST_DATAPOINTS)
    throw invalidCombination(
      `You have requested up to ${count} datapoints, which exceeds the limit of ${MOST_DATAPOINTS}. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`,
    )
  const series = seriesOf(context, input.Namespace, input.MetricName, readDimensions(input.Dimensions, 'Dimensions'))
  const points = (await readPoints(database, [series.id], start, input.EndTime)).get(series.id) ?? []
  const datapoints: Datapoint[] = []
  for (const [at, units] of byPeriod(points, period, start))
    for (const [own, aggregate] of units)
      if (unit === undefined || unit === own) datapoints.push(datapoint(at, own as StandardUnit, aggregate, wanted))
  return { Label: input.MetricName, Datapoints: datapoints }
}

interface Wanted {
  readonly simple: readonly (readonly [string, Statistic])[]
  readonly extended: readonly (readonly [string, Statistic])[]
}

function readStatistics({ Statistics = [], ExtendedStatistics = [] }: GetMetricStatisticsInput): Wanted {
  if (Statistics.length === 0 && ExtendedStatistics.length === 0)
    throw missingParameter('Must specify either Statistics or ExtendedStatistics')
  const parse = (name: string, list: string, index: number) => {
    const statistic = parseStatistic(name)
    if (statistic === undefined || (list === 'ExtendedStatistics' && percentileOf(name) === undefined))
      throw invalidValue(`The value ${name.slice(0, 64)} for parameter ${list}.member.${index + 1} is invalid.`)
    return [name, statistic] as const
  }
  return {
    simple: Statistics.map((name, index) => parse(name, 'Statistics', index)),
    extended: ExtendedStatistics.map((name, index) => parse(name, 'ExtendedStatistics', index)),
  }
}

function datapoint(at: number, unit: StandardUnit, aggregate: Aggregate, { simple, extended }: Wanted): Datapoint {
  const values = (list: Wanted['simple']) =>
    Object.fromEntries(list.map(([name, statistic]) => [name, statistic(aggregate)] as const))
  const percentiles = Object.entries(values(extended)).filter(
    (entry): entry is [string, number] => entry[1] !== undefined,
  )
  return {
    Timestamp: at,
    Unit: unit,
    ...values(simple),
    ...(percentiles.length > 0 && { ExtendedStatistics: Object.fromEntries(percentiles) }),
  }
}
