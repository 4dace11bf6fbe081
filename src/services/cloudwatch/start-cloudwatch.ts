import { recurringWork } from '../../control/recurring-work.ts'
import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../storage/database.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { OperationTable } from '../operation.ts'
import { ACTION_WORK } from './alarms/change-state.ts'
import { ALARM_WORK, alarmHandler } from './alarms/evaluate-alarm.ts'
import { trimHistory } from './alarms/history-retention.ts'
import { actionHandler } from './alarms/run-action.ts'
import type { CloudwatchDeps, CloudwatchSettings } from './cloudwatch-deps.ts'
import { createCloudwatchFacade } from './cloudwatch-facade.ts'
import type { AlarmActions, CloudwatchFacade } from './facade.ts'
import { compactMetrics } from './metrics/compaction.ts'
import { PointWriter } from './metrics/point-writer.ts'
import { Recorder } from './metrics/recorder.ts'
import { SeriesRegistry } from './metrics/series-registry.ts'
import { createCloudwatchService } from './service.ts'

export interface CloudwatchOptions {
  readonly database: Database
  readonly queue: WorkQueue
  readonly clock: Clock
  readonly log: Logger
  readonly settings: CloudwatchSettings
  /** What alarms can do. */
  readonly actions: readonly AlarmActions[]
}

export interface Cloudwatch {
  readonly operations: OperationTable
  readonly facade: CloudwatchFacade
  /** Stores what has been recorded; afterwards nothing is. */
  stop(): Promise<void>
}

/** Work, for ever again: move what has been written into blocks, and forget what is too old. */
const COMPACTION = 'cloudwatch-compaction'
const COMPACT_EVERY = 5 * 60_000
/** What one worker deals with at a time. */
const CONCURRENCY = { alarms: 8, actions: 8 }

/** Joins the parts of CloudWatch and registers its work. */
export async function startCloudwatch(options: CloudwatchOptions): Promise<Cloudwatch> {
  const { database, queue, clock, log, settings, actions } = options
  const writer = new PointWriter(database, new SeriesRegistry(database, settings.maxSeries))
  const recorder = new Recorder({ writer, clock, log, settings })
  const deps: CloudwatchDeps = { database, queue, clock, log, writer, actions, settings }
  const compaction = recurringWork(queue, COMPACTION, { everyMilliseconds: COMPACT_EVERY }, async (signal) => {
    await compactMetrics({ database, clock }, signal)
    await trimHistory(database, clock.now())
  })
  queue.handle(ALARM_WORK, alarmHandler(deps), { concurrency: CONCURRENCY.alarms })
  queue.handle(ACTION_WORK, actionHandler(deps), { concurrency: CONCURRENCY.actions })
  await database.commit([compaction])
  recorder.start()
  return {
    operations: createCloudwatchService(deps),
    facade: createCloudwatchFacade(deps, recorder),
    stop: () => recorder.stop(),
  }
}
