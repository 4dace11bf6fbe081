import { recurringWork } from '../../control/recurring-work.ts'
import { statement } from '../../storage/statement.ts'
import type { OperationTable } from '../operation.ts'
import { type AutoscalingDeps, SCHEDULE_WORK, TARGET_WORK } from './autoscaling-deps.ts'
import { dropOrphanAlarms } from './policies/orphan-alarms.ts'
import { targetHandler } from './scaling/follow-target.ts'
import { scheduleHandler } from './schedules/run-schedules.ts'
import { createAutoscalingService } from './service.ts'

/** Work, for ever again: delete the alarms of policies that went with their endpoints, and forget old activities. */
const SWEEP_WORK = 'scaling-sweep'
const SWEEP_EVERY = 10_000
/** Six weeks, as AWS keeps them. */
const ACTIVITY_AGE = 42 * 24 * 60 * 60_000

/** Registers the work of Application Auto Scaling. */
export async function startAutoscaling(deps: AutoscalingDeps): Promise<OperationTable> {
  const { database, queue, clock } = deps
  queue.handle(TARGET_WORK, targetHandler(deps), { concurrency: 8 })
  queue.handle(SCHEDULE_WORK, scheduleHandler(deps), { concurrency: 4 })
  const sweep = recurringWork(queue, SWEEP_WORK, { everyMilliseconds: SWEEP_EVERY }, async () => {
    await dropOrphanAlarms(deps)
    const old = database.query.deleteFrom('scaling_activities').where('started_at', '<', clock.now() - ACTIVITY_AGE)
    await database.commit([statement(old)])
  })
  await database.commit([sweep])
  return createAutoscalingService(deps)
}
