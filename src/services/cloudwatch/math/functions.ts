import { notImplemented } from '../../../wire/service-error.ts'
import { periodStart } from '../metrics/aggregate.ts'
import { fill } from './fill.ts'
import { MathError } from './tokens.ts'
import { across, isList, isSeries, mapSeries, mapValue, put, type TimeSeries, type Value } from './values.ts'

/** What functions may know besides their arguments. */
export interface Range {
  /** Epoch milliseconds. */
  readonly start: number
  readonly end: number
  /** Where some period begins, and so all others. */
  readonly origin: number
  /** The shortest period of the request's metrics, in seconds. */
  readonly period: number
  /** Series without values stay in lists: for what asks how many there can be at most, not how many there are. */
  readonly keepsEmpty?: boolean
}

type Apply = (args: readonly Value[], range: Range, words: readonly string[]) => Value

interface MathFunction {
  readonly least: number
  readonly most: number
  readonly apply: Apply
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
/** Of the population, as CloudWatch has it. */
function deviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
}

/** Of a list a series, of a series a number: the same name does both. Source: metric math functions. */
const reducing = (name: string, work: (values: readonly number[]) => number): MathFunction => ({
  least: 1,
  most: 1,
  apply: ([value]) => {
    if (isList(value as Value)) return across(value as readonly TimeSeries[], name, work)
    const values = [...seriesOf(value, name).values.values()]
    return values.length === 0 ? Number.NaN : work(values)
  },
})

const elementwise = (work: (value: number) => number): MathFunction => ({
  least: 1,
  most: 1,
  apply: ([value]) => mapValue(value as Value, work),
})

/** What is made of each value and the one before it. */
const stepwise = (name: string, work: (now: number, before: number, seconds: number) => number): MathFunction => ({
  least: 1,
  most: 1,
  apply: ([value]) =>
    eachSeries(value, name, (series) => {
      let before: readonly [at: number, value: number] | undefined
      const values = new Map<number, number>()
      for (const [at, now] of series.values) {
        if (before !== undefined) put(values, at, work(now, before[1], (at - before[0]) / 1000))
        before = [at, now]
      }
      return { ...series, values }
    }),
})

const RANKS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  AVG: mean,
  MAX: (values) => Math.max(...values),
  MIN: (values) => Math.min(...values),
  SUM: sum,
  STDDEV: deviation,
}

const FUNCTIONS: Readonly<Record<string, MathFunction>> = {
  ABS: elementwise(Math.abs),
  CEIL: elementwise(Math.ceil),
  FLOOR: elementwise(Math.floor),
  LOG: elementwise(Math.log),
  LOG10: elementwise(Math.log10),
  AVG: reducing('AVG', mean),
  SUM: reducing('SUM', sum),
  MIN: reducing('MIN', (values) => values.reduce((least, value) => Math.min(least, value))),
  MAX: reducing('MAX', (values) => values.reduce((most, value) => Math.max(most, value))),
  STDDEV: reducing('STDDEV', deviation),
  DIFF: stepwise('DIFF', (now, before) => now - before),
  DIFF_TIME: stepwise('DIFF_TIME', (_now, _before, seconds) => seconds),
  RATE: stepwise('RATE', (now, before, seconds) => (now - before) / seconds),
  RUNNING_SUM: {
    least: 1,
    most: 1,
    apply: ([value]) =>
      eachSeries(value, 'RUNNING_SUM', (series) => {
        let total = 0
        return mapSeries(series, (one) => {
          total += one
          return total
        })
      }),
  },
  FILL: {
    least: 1,
    most: 2,
    apply: ([value, by], range, words) => eachSeries(value, 'FILL', (series) => fill(series, by, words[0], range)),
  },
  PERIOD: { least: 1, most: 1, apply: ([value]) => seriesOf(value, 'PERIOD').period },
  METRIC_COUNT: { least: 1, most: 1, apply: ([value]) => listOf(value, 'METRIC_COUNT').length },
  FIRST: { least: 1, most: 1, apply: ([value]) => atLeastOne(listOf(value, 'FIRST').at(0), 'FIRST') },
  LAST: { least: 1, most: 1, apply: ([value]) => atLeastOne(listOf(value, 'LAST').at(-1), 'LAST') },
  REMOVE_EMPTY: {
    least: 1,
    most: 1,
    apply: ([value], range) => withoutEmpty(listOf(value, 'REMOVE_EMPTY'), range),
  },
  SLICE: {
    least: 2,
    most: 3,
    apply: ([value, from, to]) => {
      const list = listOf(value, 'SLICE')
      const begin = numberOf(from, 'SLICE')
      return to === undefined ? atLeastOne(list.at(begin), 'SLICE') : list.slice(begin, numberOf(to, 'SLICE'))
    },
  },
  SORT: {
    least: 1,
    most: 2,
    apply: ([value, most], range, [rank = 'AVG', order = 'ASC']) => {
      const work = Object.hasOwn(RANKS, rank) ? RANKS[rank] : undefined
      if (work === undefined || (order !== 'ASC' && order !== 'DESC'))
        throw new MathError(`SORT takes AVG, MAX, MIN, SUM or STDDEV and then ASC or DESC`)
      const ranked = withoutEmpty(listOf(value, 'SORT'), range)
        .map((series) => ({ series, rank: work([...series.values.values()]) }))
        .sort((a, b) => (order === 'ASC' ? a.rank - b.rank : b.rank - a.rank))
      return ranked.slice(0, most === undefined ? undefined : numberOf(most, 'SORT')).map(({ series }) => series)
    },
  },
  TIME_SERIES: {
    least: 1,
    most: 1,
    apply: ([value], { start, end, origin, period }) => {
      const constant = numberOf(value, 'TIME_SERIES')
      const values = new Map<number, number>()
      for (let at = periodStart(start, period, origin); at < end; at += period * 1000) put(values, at, constant)
      return { label: 'TIME_SERIES', period, values }
    },
  },
  IF: { least: 2, most: 3, apply: ([condition, yes, no]) => choose(condition, yes as Value, no) },
}

/** Functions of CloudWatch that are known and refused. */
const OTHERS = new Set(
  'ANOMALY_DETECTION_BAND DATAPOINT_COUNT DAY DATE HOUR MINUTE MONTH YEAR EPOCH DB_PERF_INSIGHTS INSIGHT_RULE_METRIC LAMBDA SEARCH SERVICE_QUOTA LINEAR_REGRESSION'.split(
    ' ',
  ),
)

/** @throws MathError, and NotImplemented for a function that CloudWatch has and Slipway has not */
export function requireFunction(name: string): MathFunction {
  const found = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (found !== undefined) return found
  throw OTHERS.has(name) ? notImplemented(`The function ${name} of metric math`) : unknown(name)
}

/**
 * Applies a function. `words` are arguments that are no values, such as REPEAT.
 * @throws MathError, and NotImplemented for a function that CloudWatch has and Slipway has not
 */
export function applyFunction(name: string, args: readonly Value[], words: readonly string[], range: Range): Value {
  const found = requireFunction(name)
  const takesWords = name === 'FILL' || name === 'SORT'
  if (!takesWords && words.length > 0) throw new MathError(`${words[0]} is not the id of a metric or an expression`)
  if (args.length < found.least || args.length > found.most)
    throw new MathError(`${name} is given ${args.length} arguments`)
  return found.apply(args, range, words)
}

const unknown = (name: string) => new MathError(`there is no function ${name.slice(0, 64)}`)

function seriesOf(value: Value | undefined, name: string): TimeSeries {
  if (value === undefined || !isSeries(value)) throw new MathError(`${name} takes a time series`)
  return value
}

/** A single series is a list of one. */
function listOf(value: Value | undefined, name: string): readonly TimeSeries[] {
  if (value === undefined || typeof value === 'number') throw new MathError(`${name} takes time series`)
  return isList(value) ? value : [value]
}

const withoutEmpty = (list: readonly TimeSeries[], { keepsEmpty = false }: Range): readonly TimeSeries[] =>
  list.filter(({ values }) => keepsEmpty || values.size > 0)

function numberOf(value: Value | undefined, name: string): number {
  if (typeof value !== 'number') throw new MathError(`${name} takes a number`)
  return value
}

function atLeastOne(series: TimeSeries | undefined, name: string): TimeSeries {
  if (series === undefined) throw new MathError(`${name} finds no time series`)
  return series
}

function eachSeries(value: Value | undefined, name: string, work: (series: TimeSeries) => TimeSeries): Value {
  const list = listOf(value, name)
  return value !== undefined && isList(value) ? list.map(work) : work(list[0] as TimeSeries)
}

/**
 * Where the condition is not zero the one, elsewhere the other, or nothing. Whether that is a number or a series does not
 * hang on the data: a number that stands against a series has the moments of that.
 */
function choose(condition: Value | undefined, yes: Value, no: Value | undefined): Value {
  if (isList(yes) || (no !== undefined && isList(no)) || (condition !== undefined && isList(condition)))
    throw new MathError('IF takes numbers and single time series')
  const at = (value: number | TimeSeries | undefined, time: number) =>
    typeof value === 'number' ? value : value?.values.get(time)
  if (typeof condition === 'number') {
    const chosen = condition === 0 ? no : yes
    if (chosen === undefined) {
      if (!isSeries(yes)) throw new MathError('IF has nothing to give: it takes a third argument')
      return { ...yes, values: new Map() }
    }
    const other = condition === 0 ? yes : no
    return isSeries(chosen) || typeof other !== 'object' ? chosen : mapSeries(other, () => chosen)
  }
  const test = seriesOf(condition, 'IF')
  const values = new Map<number, number>()
  for (const [time, value] of test.values) {
    const chosen = at(value === 0 ? no : yes, time)
    if (chosen !== undefined) put(values, time, chosen)
  }
  return { ...test, values }
}
