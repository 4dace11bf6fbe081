import { notImplemented } from '../../../wire/service-error.ts'
import type { Aggregate } from './aggregate.ts'
import { percentile } from './histogram.ts'

/** One way to make a number of the values of a period. */
export type Statistic = (aggregate: Aggregate) => number | undefined

const SIMPLE: Readonly<Record<string, Statistic>> = {
  SampleCount: ({ count }) => count,
  Average: ({ sum, count }) => (count === 0 ? undefined : sum / count),
  Sum: ({ sum }) => sum,
  Minimum: ({ minimum }) => minimum,
  Maximum: ({ maximum }) => maximum,
}

const PERCENTILE = /^p(\d{1,3}(?:\.\d{1,10})?)$/
/** Statistics of CloudWatch that are known and not kept. Source: the list of statistics definitions. */
const OTHERS = /^(?:IQM|(?:tm|wm|tc|ts)\d{1,2}(?:\.\d+)?|(?:TM|WM|TC|TS|PR)\([\d.%]*:[\d.%]*\))$/

/** The percentile that a statistic asks for, 0 to 100; undefined for any other. */
export function percentileOf(statistic: string): number | undefined {
  const percent = Number(PERCENTILE.exec(statistic)?.[1] ?? Number.NaN)
  return percent >= 0 && percent <= 100 ? percent : undefined
}

/**
 * Reads the name of a statistic; undefined when it is none.
 * @throws NotImplemented for trimmed and winsorized statistics
 */
export function parseStatistic(name: string): Statistic | undefined {
  const simple = Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : undefined
  if (simple !== undefined) return simple
  const percent = percentileOf(name)
  if (percent !== undefined)
    return ({ histogram, minimum, maximum }) =>
      histogram === undefined ? undefined : percentile(histogram, percent, minimum, maximum)
  if (OTHERS.test(name)) throw notImplemented(`The statistic ${name}`)
  return undefined
}
