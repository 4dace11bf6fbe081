import type { MetricCounter } from '../facade.ts'
import type { Aggregate } from './aggregate.ts'
import { bounded, bucketOf } from './histogram.ts'
import type { Series } from './series.ts'

/**
 * Buckets of values from 1 on; smaller ones count as 1, larger ones as the last, 6e10. What is counted with percentiles is
 * in microseconds, and minimum and maximum are kept beside it.
 */
const BUCKETS = 512

/** A metric in memory: an addition changes some numbers and nothing else. */
export class Counter implements MetricCounter {
  readonly series: Series
  /** What is counted here is stored under this as well. */
  readonly also: Series | undefined
  readonly unit: string
  readonly #buckets: Float64Array | undefined
  #closed = false
  #count = 0
  #sum = 0
  #minimum = Number.POSITIVE_INFINITY
  #maximum = Number.NEGATIVE_INFINITY

  constructor(series: Series, unit: string, percentiles: boolean, also?: Series) {
    this.series = series
    this.also = also
    this.unit = unit
    this.#buckets = percentiles ? new Float64Array(BUCKETS) : undefined
  }

  get closed(): boolean {
    return this.#closed
  }

  add(value: number): void {
    this.#count++
    this.#sum += value
    if (value < this.#minimum) this.#minimum = value
    if (value > this.#maximum) this.#maximum = value
    const buckets = this.#buckets
    if (buckets === undefined) return
    const bucket = value <= 1 ? 0 : bucketOf(value)
    const index = bucket < BUCKETS ? bucket : BUCKETS - 1
    buckets[index] = (buckets[index] as number) + 1
  }

  close(): void {
    this.#closed = true
  }

  /** What has been added since the last call; undefined when nothing has. */
  drain(): Aggregate | undefined {
    if (this.#count === 0) return undefined
    const drained: Aggregate = {
      count: this.#count,
      sum: this.#sum,
      minimum: this.#minimum,
      maximum: this.#maximum,
      histogram: this.#drainBuckets(),
    }
    this.#count = 0
    this.#sum = 0
    this.#minimum = Number.POSITIVE_INFINITY
    this.#maximum = Number.NEGATIVE_INFINITY
    return drained
  }

  #drainBuckets(): readonly number[] | undefined {
    const buckets = this.#buckets
    if (buckets === undefined) {
      // Without buckets, only of equal values it is known how they are distributed.
      const same = this.#minimum === this.#maximum && this.#minimum >= 0
      return same ? [bucketOf(this.#minimum), this.#count] : undefined
    }
    const histogram: number[] = []
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = buckets[bucket] as number
      if (count > 0) histogram.push(bucket, count)
    }
    buckets.fill(0)
    return bounded(histogram)
  }
}
