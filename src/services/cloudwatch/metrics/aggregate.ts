import type { StatisticSet } from '../facade.ts'
import { bucketOf, type Histogram, mergeHistograms } from './histogram.ts'

/** All that is kept of the values of an interval. */
export interface Aggregate {
  readonly count: number
  readonly sum: number
  readonly minimum: number
  readonly maximum: number
  /** Undefined where percentiles cannot be told: statistic sets of different values, and negative values. */
  readonly histogram: Histogram | undefined
}

/** `count` times the same value. */
export const ofValue = (value: number, count: number): Aggregate => ({
  count,
  sum: value * count,
  minimum: value,
  maximum: value,
  histogram: value < 0 ? undefined : [bucketOf(value), count],
})

/**
 * A statistic set. Percentiles can be told of it only when all its values are the same. Source: PutMetricData, on
 * percentiles of statistic sets.
 */
export function ofStatisticSet({ count, sum, minimum, maximum }: StatisticSet): Aggregate {
  const same = minimum === maximum && sum === minimum * count
  return same ? ofValue(minimum, count) : { count, sum, minimum, maximum, histogram: undefined }
}

export const merge = (a: Aggregate, b: Aggregate): Aggregate => ({
  count: a.count + b.count,
  sum: a.sum + b.sum,
  minimum: Math.min(a.minimum, b.minimum),
  maximum: Math.max(a.maximum, b.maximum),
  histogram:
    a.histogram === undefined || b.histogram === undefined ? undefined : mergeHistograms(a.histogram, b.histogram),
})

/** An aggregate of the values from one moment to another. */
export interface Point {
  /** Epoch milliseconds; a multiple of the width. */
  readonly at: number
  /** Seconds. */
  readonly width: number
  readonly unit: string
  readonly aggregate: Aggregate
}

/** Where the interval of that width begins that holds the moment. */
export const startOf = (time: number, widthSeconds: number): number => {
  const width = widthSeconds * 1000
  return Math.floor(time / width) * width
}

/** The same where periods are counted from `origin`, and not from the epoch. */
export const periodStart = (time: number, widthSeconds: number, origin: number): number =>
  origin + startOf(time - origin, widthSeconds)
