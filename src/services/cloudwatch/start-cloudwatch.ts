import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../storage/database.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { OperationTable } from '../operation.ts'
import type { CloudwatchDeps, CloudwatchSettings } from './cloudwatch-deps.ts'
import { createCloudwatchFacade } from './cloudwatch-facade.ts'
import type { CloudwatchFacade } from './facade.ts'
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

/** Joins the parts of CloudWatch and registers its work. */
export async function startCloudwatch(options: CloudwatchOptions): Promise<Cloudwatch> {
  const { database, queue, clock, log, settings } = options
  const writer = new PointWriter(database, new SeriesRegistry(database, settings.maxSeries))
  const recorder = new Recorder({ writer, clock, log, settings })
  const deps: CloudwatchDeps = { database, queue, clock, log, writer, settings }
  queue.handle(
    COMPACTION,
    async (_item, signal) => {
      await compactMetrics({ database, clock }, signal)
      return { done: false, againInMilliseconds: COMPACT_EVERY }
    },
    { concurrency: 1 },
  )
  await database.commit([queue.enqueue(COMPACTION, 'all')])
  recorder.start()
  return {
    operations: createCloudwatchService(deps),
    facade: createCloudwatchFacade(deps, recorder),
    stop: () => recorder.stop(),
  }
}
