import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../storage/database.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { EventAppender } from './log-events/event-appender.ts'

/** What the operations of CloudWatch Logs work with. */
export interface LogsDeps {
  readonly database: Database
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly log: Logger
  readonly appender: EventAppender
}

/** How much is kept. Beyond it the oldest events go, a tenth at a time. */
export interface LogsLimits {
  readonly streamBytes: number
  readonly groupBytes: number
}

export const DEFAULT_LOGS_LIMITS: LogsLimits = { streamBytes: 256 * 1024 * 1024, groupBytes: 1024 * 1024 * 1024 }
