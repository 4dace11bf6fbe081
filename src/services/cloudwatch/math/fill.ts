import { periodStart } from '../metrics/aggregate.ts'
import type { Range } from './functions.ts'
import { MathError } from './tokens.ts'
import { isSeries, put, type TimeSeries, type Value } from './values.ts'

/**
 * FILL: gives every period of the range a value. `by` is a number or a series to take it from, `word` the way to make it
 * of its neighbours: REPEAT takes the last one, LINEAR what lies between. Source: metric math functions.
 */
export function fill(
  series: TimeSeries,
  by: Value | undefined,
  word: string | undefined,
  { start, end, origin }: Range,
): TimeSeries {
  const values = new Map<number, number>()
  const period = Math.max(1, series.period)
  const step = period * 1000
  const known = [...series.values]
  let passed = 0
  for (let at = periodStart(start, period, origin); at < end; at += step) {
    while (passed < known.length && (known[passed] as [number, number])[0] <= at) passed++
    const value = series.values.get(at) ?? missing(known, passed, at, by, word)
    if (value !== undefined) put(values, at, value)
  }
  return { ...series, values }
}

function missing(
  known: readonly (readonly [at: number, value: number])[],
  passed: number,
  at: number,
  by: Value | undefined,
  word: string | undefined,
): number | undefined {
  if (typeof by === 'number') return by
  if (by !== undefined && isSeries(by)) return by.values.get(at)
  const [before, after] = [known[passed - 1], known[passed]]
  if (word === 'REPEAT') return before?.[1]
  if (word === 'LINEAR') {
    if (before === undefined || after === undefined) return undefined
    return before[1] + ((after[1] - before[1]) * (at - before[0])) / (after[0] - before[0])
  }
  throw new MathError('FILL takes a number, a time series, REPEAT or LINEAR')
}
