import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../storage/database.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { AlarmActions } from './facade.ts'
import type { PointWriter } from './metrics/point-writer.ts'

/** What the operations of CloudWatch work with. */
export interface CloudwatchDeps {
  readonly database: Database
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly log: Logger
  readonly writer: PointWriter
  /** What alarms can do. */
  readonly actions: readonly AlarmActions[]
  readonly settings: CloudwatchSettings
}

export interface CloudwatchSettings {
  /** Most metrics of an account in a region. */
  readonly maxSeries: number
  /** What the server records of itself is stored this often, in seconds. */
  readonly flushSeconds: number
  /** Length of the intervals in which the server's own metrics are kept, in seconds: 1, 5, 10, 30 or 60. */
  readonly resolutionSeconds: number
  /** Whether alarms may have any period of seconds, and not only AWS's 10, 20, 30 and multiples of 60. */
  readonly anyAlarmPeriod: boolean
}

export const DEFAULT_CLOUDWATCH_SETTINGS: CloudwatchSettings = {
  maxSeries: 10_000,
  flushSeconds: 5,
  resolutionSeconds: 60,
  anyAlarmPeriod: false,
}
