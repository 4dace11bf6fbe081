/** What names a metric. */
export interface MetricTarget {
  readonly account: string
  readonly region: string
  readonly namespace: string
  readonly name: string
  readonly dimensions: Readonly<Record<string, string>>
}

/** Many values at once, of which only this is known. Percentiles cannot be told of it. */
export interface StatisticSet {
  readonly count: number
  readonly sum: number
  readonly minimum: number
  readonly maximum: number
}

/** A metric that is counted on a hot path. Both calls are synchronous; what is added is stored with the next flush. */
export interface MetricCounter {
  /** A number, finite. Costs some nanoseconds and allocates nothing. */
  add(value: number): void
  /** Nobody adds any more. What has been added is still stored. */
  close(): void
}

export interface CounterOptions {
  /** Keep what percentiles need; costs a logarithm a value. */
  readonly percentiles?: boolean
}

export interface StatisticsQuery {
  /** `Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, or a percentile as `p99.9`. */
  readonly statistic: string
  /** Seconds. */
  readonly period: number
  /** Epoch milliseconds, inclusive; rounded down to the period. */
  readonly start: number
  /** Epoch milliseconds, exclusive. */
  readonly end: number
  /** Default: values of every unit, taken together. */
  readonly unit?: string
}

/** CloudWatch for the other services. What a service does for its user is decided by the caller, not here. */
export interface CloudwatchFacade {
  /** Takes one observation; stored with the next flush. `time` defaults to now, epoch milliseconds. */
  record(target: MetricTarget, value: number | StatisticSet, unit: string, time?: number): void
  counter(target: MetricTarget, unit: string, options?: CounterOptions): MetricCounter
  /** What has been stored, oldest first, periods without data left out. */
  getStatistics(target: MetricTarget, query: StatisticsQuery): Promise<readonly { at: number; value: number }[]>
  /** Stores what has been recorded so far. */
  flush(): Promise<void>
}
