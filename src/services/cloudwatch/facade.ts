import type { PutMetricAlarmInput } from '../../model/generated/cloudwatch.ts'
import type { Statement } from '../../storage/database.ts'

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
  /**
   * Everything is stored under this too, as long as the account has less than half of its metrics: one addition, two metrics.
   * Several counters may share either. Prometheus is not told of it.
   */
  readonly also?: MetricTarget
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

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'

/** Whose alarms. */
export interface AlarmOwner {
  readonly account: string
  readonly region: string
}

/** An alarm has changed its state, or keeps on being in ALARM while a scaling policy is to be told again. */
export interface AlarmEvent {
  readonly account: string
  readonly region: string
  readonly alarmName: string
  readonly alarmArn: string
  readonly newState: AlarmState
  readonly oldState: AlarmState
  readonly reason: string
  /** JSON text; undefined where there is none. */
  readonly reasonData: string | undefined
  /** Epoch milliseconds. */
  readonly at: number
  /** When the alarm was configured, epoch milliseconds. */
  readonly configuredAt: number
  readonly settings: PutMetricAlarmInput
}

/**
 * Something that alarms can do, by the ARN of the action. `run` may be called again for the same event: a worker that dies
 * in between has another repeat it. Resolves to what DescribeAlarmHistory tells of it; when it rejects it is tried again
 * for some minutes, unless with an AlarmActionRefused.
 */
export interface AlarmActions {
  handles(arn: string): boolean
  run(arn: string, event: AlarmEvent, signal: AbortSignal): Promise<string>
}

/** The action cannot be taken, and trying again would not help. The message stands in the alarm's history. */
export class AlarmActionRefused extends Error {
  override readonly name = 'AlarmActionRefused'
}

/** CloudWatch for the other services. What a service does for its user is decided by the caller, not here. */
export interface CloudwatchFacade {
  /** Takes one observation; stored with the next flush. `time` defaults to now, epoch milliseconds. */
  record(target: MetricTarget, value: number | StatisticSet, unit: string, time?: number): void
  counter(target: MetricTarget, unit: string, options?: CounterOptions): MetricCounter
  /** What has been stored, oldest first, periods without data left out. */
  getStatistics(target: MetricTarget, query: StatisticsQuery): Promise<readonly { at: number; value: number }[]>
  /**
   * What creates or replaces an alarm, for a unit of work. That rejects with `changed()` when somebody else makes or deletes
   * the alarm meanwhile, and with LimitExceeded. @throws the other ServiceErrors of PutMetricAlarm
   */
  alarmWrites(owner: AlarmOwner, input: PutMetricAlarmInput, changed: () => Error): Promise<readonly Statement[]>
  /** Alarms that are not there are passed over. */
  deleteAlarms(owner: AlarmOwner, names: readonly string[]): Promise<void>
  /** The states of those of these alarms that exist, by name. */
  alarmStates(owner: AlarmOwner, names: readonly string[]): Promise<ReadonlyMap<string, AlarmState>>
  /** The names of the alarms that have one of these scaling policies as an action of any state, by the policy's ARN, in order. */
  alarmsOfPolicies(owner: AlarmOwner, policies: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>
  /** All that the workers have counted of endpoints since ever, in Prometheus's text format. */
  prometheus(): Promise<string>
  /** Stores what has been recorded so far. */
  flush(): Promise<void>
}
