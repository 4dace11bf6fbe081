import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../storage/database.ts'
import type { CloudwatchFacade } from '../cloudwatch/facade.ts'
import type { SagemakerFacade } from '../sagemaker/facade.ts'

/** What the parts of Application Auto Scaling work with. */
export interface AutoscalingDeps {
  readonly database: Database
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly sagemaker: SagemakerFacade
  readonly cloudwatch: Pick<CloudwatchFacade, 'alarmWrites' | 'deleteAlarms' | 'alarmStates' | 'alarmsOfPolicies'>
  /** The period of the alarms of target tracking, in seconds: 60, as in AWS, unless CloudWatch keeps shorter ones. */
  readonly alarmSeconds: number
}

/** Work, by the id of a target: see its change of capacity through, and bring its capacity between its bounds. */
export const TARGET_WORK = 'scaling-target'

/** Work, by the id of a target: run its scheduled actions when their time has come. */
export const SCHEDULE_WORK = 'scaling-schedule'
