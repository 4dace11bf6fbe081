import { MathError } from './tokens.ts'

/** Values over time; what a query for one metric gives. */
export interface TimeSeries {
  readonly label: string
  /** Seconds. */
  readonly period: number
  /** By where each period begins, epoch milliseconds, oldest first. Periods without a value are left out. */
  readonly values: ReadonlyMap<number, number>
}

/** What an expression, or a part of one, comes to. */
export type Value = number | TimeSeries | readonly TimeSeries[]

export const isList = (value: Value): value is readonly TimeSeries[] => Array.isArray(value)
export const isSeries = (value: Value): value is TimeSeries => typeof value === 'object' && !isList(value)

/** Division by zero and the like give no value. */
export const put = (values: Map<number, number>, at: number, value: number): void => {
  if (Number.isFinite(value)) values.set(at, value)
}

export function mapSeries(series: TimeSeries, change: (value: number, at: number) => number): TimeSeries {
  const values = new Map<number, number>()
  for (const [at, value] of series.values) put(values, at, change(value, at))
  return { ...series, values }
}

export const mapValue = (value: Value, change: (value: number) => number): Value => {
  if (typeof value === 'number') return change(value)
  return isList(value) ? value.map((one) => mapSeries(one, change)) : mapSeries(value, change)
}

/**
 * Works two values out against each other. Two series give a value where both have one; a list and something else give a
 * list; two lists must be of the same length.
 */
export function combine(left: Value, right: Value, work: (left: number, right: number) => number): Value {
  if (isList(left) && isList(right)) {
    if (left.length !== right.length)
      throw new MathError(`it brings ${left.length} time series together with ${right.length}`)
    return left.map((one, index) => combineSeries(one, right[index] as TimeSeries, work))
  }
  if (isList(left)) return left.map((one) => combine(one, right, work) as TimeSeries)
  if (isList(right)) return right.map((one) => combine(left, one, work) as TimeSeries)
  if (typeof left === 'number' && typeof right === 'number') return work(left, right)
  if (typeof left === 'number') return mapSeries(right as TimeSeries, (value) => work(left, value))
  if (typeof right === 'number') return mapSeries(left, (value) => work(value, right))
  return combineSeries(left, right, work)
}

function combineSeries(left: TimeSeries, right: TimeSeries, work: (left: number, right: number) => number): TimeSeries {
  const values = new Map<number, number>()
  for (const [at, value] of left.values) {
    const other = right.values.get(at)
    if (other !== undefined) put(values, at, work(value, other))
  }
  return { ...left, period: Math.max(left.period, right.period), values }
}

/** One value of all that several series have at each moment where any has one. */
export function across(
  list: readonly TimeSeries[],
  label: string,
  work: (values: readonly number[]) => number,
): TimeSeries {
  const byTime = new Map<number, number[]>()
  for (const { values } of list)
    for (const [at, value] of values) {
      const found = byTime.get(at)
      if (found === undefined) byTime.set(at, [value])
      else found.push(value)
    }
  const values = new Map<number, number>()
  for (const at of [...byTime.keys()].sort((a, b) => a - b)) put(values, at, work(byTime.get(at) as number[]))
  return { label, period: Math.max(0, ...list.map(({ period }) => period)), values }
}
