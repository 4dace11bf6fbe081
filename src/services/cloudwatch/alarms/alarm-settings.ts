import type { PutMetricAlarmInput } from '../../../model/generated/cloudwatch.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { readDimensions } from '../metrics/dimension-list.ts'
import { invalid, type MetricQuery, readMetricQueries, type StatQuery } from '../metrics/metric-queries.ts'
import { seriesOf } from '../metrics/series.ts'
import { parseStatistic, percentileOf } from '../metrics/statistic.ts'

export type Treatment = 'missing' | 'ignore' | 'breaching' | 'notBreaching'
export type Comparison = keyof typeof COMPARISONS

/** What an alarm compares with its threshold. */
export const COMPARISONS = {
  GreaterThanOrEqualToThreshold: {
    breaches: (value: number, threshold: number) => value >= threshold,
    words: 'greater than or equal to',
  },
  GreaterThanThreshold: { breaches: (value: number, threshold: number) => value > threshold, words: 'greater than' },
  LessThanThreshold: { breaches: (value: number, threshold: number) => value < threshold, words: 'less than' },
  LessThanOrEqualToThreshold: {
    breaches: (value: number, threshold: number) => value <= threshold,
    words: 'less than or equal to',
  },
} as const

/** An alarm's settings, checked, with what follows from them. */
export interface AlarmSettings {
  readonly input: PutMetricAlarmInput
  /** What is looked at: the one that is returned is compared. */
  readonly queries: readonly MetricQuery[]
  /** Undefined for an alarm on an expression. */
  readonly metric: { readonly namespace: string; readonly name: string; readonly dimensions: string } | undefined
  /** Seconds. */
  readonly period: number
  readonly evaluationPeriods: number
  readonly datapointsToAlarm: number
  readonly threshold: number
  readonly comparison: Comparison
  readonly treatment: Treatment
  /** Samples a period must have to be looked at; 0 where any number will do. */
  readonly leastSamples: number
}

const DAY = 86_400
const SHORT_PERIODS = new Set([10, 20, 30])
const TREATMENTS: ReadonlySet<string> = new Set(['missing', 'ignore', 'breaching', 'notBreaching'])
/** Metrics that an alarm on an expression may look at. Source: alarms on math expressions. */
const MOST_METRICS = 10

/** What would make it another kind of alarm. */
const REFUSED = ['ThresholdMetricId', 'EvaluationCriteria', 'EvaluationInterval'] as const

/**
 * Reads and checks what PutMetricAlarm is given. `anyPeriod` lets in periods that AWS does not.
 * @throws ValidationError, and NotImplemented for anomaly detection and other kinds of alarms
 */
export function readAlarmSettings(
  owner: { readonly account: string; readonly region: string },
  input: PutMetricAlarmInput,
  anyPeriod: boolean,
): AlarmSettings {
  for (const member of REFUSED) if (input[member] !== undefined) throw notImplemented(`PutMetricAlarm with ${member}`)
  const { AlarmName: name, EvaluationPeriods: evaluationPeriods, Threshold: threshold } = input
  if (!isPlainText(name)) throw invalid('The parameter AlarmName must not hold control characters.')
  if (evaluationPeriods === undefined) throw required('EvaluationPeriods')
  const comparison = readComparison(input.ComparisonOperator)
  if (threshold === undefined) throw required('Threshold')
  if (!Number.isFinite(threshold)) throw invalid(`The value ${threshold} for parameter Threshold is invalid.`)
  const datapointsToAlarm = input.DatapointsToAlarm ?? evaluationPeriods
  if (datapointsToAlarm > evaluationPeriods)
    throw invalid('The parameter DatapointsToAlarm must be less than or equal to the parameter EvaluationPeriods.')
  const treatment = input.TreatMissingData ?? 'missing'
  if (!TREATMENTS.has(treatment))
    throw invalid(
      `The value ${treatment} for parameter TreatMissingData is not one of breaching, notBreaching, ignore, missing.`,
    )
  checkActions(input)

  const queries = input.Metrics === undefined ? [readMetric(owner, input)] : readMetrics(owner, input)
  const periods = new Set(queries.filter((query) => query.kind === 'stat').map(({ period }) => period))
  const [period] = periods
  if (period === undefined) throw invalid('The metrics list of an alarm must hold at least one metric.')
  if (periods.size > 1) throw invalid('All metrics of an alarm must have the same Period.')
  checkPeriod(period, evaluationPeriods, anyPeriod)
  const [only] = queries
  return {
    input,
    queries,
    metric:
      input.Metrics === undefined
        ? {
            namespace: input.Namespace as string,
            name: input.MetricName as string,
            dimensions: (only as StatQuery).series.dimensions,
          }
        : undefined,
    period,
    evaluationPeriods,
    datapointsToAlarm,
    threshold,
    comparison,
    treatment: treatment as Treatment,
    leastSamples: leastSamples(input),
  }
}

/** Settings that have been checked before, as they are stored. */
export const parseAlarmSettings = (
  owner: { readonly account: string; readonly region: string },
  text: string,
): AlarmSettings => readAlarmSettings(owner, JSON.parse(text) as PutMetricAlarmInput, true)

const ofMetric = ['MetricName', 'Namespace', 'Dimensions', 'Period', 'Unit', 'Statistic', 'ExtendedStatistic'] as const

function readMetric(
  owner: { readonly account: string; readonly region: string },
  input: PutMetricAlarmInput,
): StatQuery {
  const { Namespace: namespace, MetricName: name, Statistic, ExtendedStatistic, Period: period } = input
  if (name === undefined) throw required('MetricName')
  if (namespace === undefined) throw required('Namespace')
  if ((Statistic === undefined) === (ExtendedStatistic === undefined))
    throw invalid('Exactly one of the parameters Statistic and ExtendedStatistic must be specified.')
  if (period === undefined) throw required('Period')
  const text = Statistic ?? (ExtendedStatistic as string)
  const statistic = parseStatistic(text)
  if (statistic === undefined || (ExtendedStatistic !== undefined && percentileOf(text) === undefined))
    throw invalid(`The value ${text.slice(0, 64)} for parameter ExtendedStatistic is not supported.`)
  const series = seriesOf(owner, namespace, name, readDimensions(input.Dimensions, 'Dimensions'))
  return { kind: 'stat', id: 'm1', label: name, isReturned: true, series, statistic, period, unit: input.Unit }
}

function readMetrics(
  owner: { readonly account: string; readonly region: string },
  input: PutMetricAlarmInput,
): readonly MetricQuery[] {
  const both = ofMetric.find((member) => input[member] !== undefined)
  if (both !== undefined) throw invalid(`The parameters Metrics and ${both} are mutually exclusive.`)
  const queries = readMetricQueries(owner, input.Metrics ?? [], 'Metrics')
  if (queries.filter(({ isReturned }) => isReturned).length !== 1)
    throw invalid('Exactly one element of the metrics list should return data.')
  if (queries.filter(({ kind }) => kind === 'stat').length > MOST_METRICS)
    throw invalid(`An alarm can look at ${MOST_METRICS} metrics at most.`)
  return queries
}

function readComparison(operator: string | undefined): Comparison {
  if (operator === undefined) throw required('ComparisonOperator')
  if (Object.hasOwn(COMPARISONS, operator)) return operator as Comparison
  throw notImplemented(`The comparison operator ${operator}, which is about anomaly detection,`)
}

function checkPeriod(period: number, evaluationPeriods: number, anyPeriod: boolean): void {
  if (!anyPeriod && period % 60 !== 0 && !SHORT_PERIODS.has(period))
    throw invalid(`The value ${period} for parameter Period must be 10, 20, 30, or a multiple of 60.`)
  const [most, words] = period < 3_600 ? [DAY, 'a day'] : [7 * DAY, 'a week']
  if (period * evaluationPeriods > most)
    throw invalid(
      `Metrics cannot be checked across more than ${words} (EvaluationPeriods * Period must be <= ${most}).`,
    )
}

/** Actions on instances have `ec2` where others have an account. */
const ARN = /^arn:[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]*:(?:[0-9]{0,12}|ec2):.+$/

function checkActions({ OKActions = [], AlarmActions = [], InsufficientDataActions = [] }: PutMetricAlarmInput): void {
  for (const arn of [...OKActions, ...AlarmActions, ...InsufficientDataActions])
    if (!ARN.test(arn) || !isPlainText(arn)) throw invalid(`Invalid arn syntax: ${arn.slice(0, 256)}`)
}

/** With few samples a percentile says little. Source: percentile-based alarms and low data samples. */
function leastSamples({ EvaluateLowSampleCountPercentile: choice, ExtendedStatistic }: PutMetricAlarmInput): number {
  if (choice === undefined) return 0
  const percent = ExtendedStatistic === undefined ? undefined : percentileOf(ExtendedStatistic)
  if (percent === undefined)
    throw invalid('The parameter EvaluateLowSampleCountPercentile goes with ExtendedStatistic alone.')
  if (choice !== 'evaluate' && choice !== 'ignore')
    throw invalid(`The value ${choice} for parameter EvaluateLowSampleCountPercentile is not one of evaluate, ignore.`)
  if (choice === 'evaluate' || percent === 0 || percent === 100) return 0
  return percent >= 50 ? 1_000 / (100 - percent) : 1_000 / percent
}

const required = (parameter: string) => invalid(`The parameter ${parameter} is required.`)

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const isPlainText = (text: string): boolean => !/[\x00-\x1f\x7f]/.test(text)
