import { randomUUID } from 'node:crypto'
import { setImmediate as immediately } from 'node:timers/promises'
import type { WorkHandler } from '../../../control/work-queue.ts'
import type { Statement } from '../../../storage/database.ts'
import type { ScalingScheduleRow, ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'
import { one, statement } from '../../../storage/statement.ts'
import { type AutoscalingDeps, TARGET_WORK } from '../autoscaling-deps.ts'
import { concurrentUpdate } from '../errors.ts'
import { findTargetById, suspendedOf } from '../targets/target-store.ts'
import { latestRun, nextRun, parseSchedule } from './schedule.ts'

/** Clocks that are set are noticed within this time. */
const LONGEST_WAIT = 5 * 60_000

/**
 * Runs the scheduled actions of a target, by its id, in the order of their times. What was missed while no server ran is made up
 * for once, by the last run that it should have had.
 */
export function scheduleHandler(deps: AutoscalingDeps): WorkHandler {
  const { database, clock } = deps
  return async ({ key }) => {
    const now = clock.now()
    for (const due of await dueActions(deps, key, now)) await runAction(deps, due, now)
    const next = await database.query
      .selectFrom('scaling_schedules')
      .select('next_at')
      .where('target_id', '=', key)
      .where('next_at', 'is not', null)
      .orderBy('next_at')
      .limit(1)
      .executeTakeFirst()
    if (next?.next_at == null) return { done: true }
    return { done: false, againInMilliseconds: Math.min(LONGEST_WAIT, Math.max(0, next.next_at - clock.now())) }
  }
}

interface DueAction {
  readonly row: ScalingScheduleRow
  /** The run that counts. */
  readonly run: number
  /** The one after `now`; null for none. */
  readonly next: number | null
}

async function dueActions({ database }: AutoscalingDeps, target: string, now: number): Promise<readonly DueAction[]> {
  const rows = await database.query
    .selectFrom('scaling_schedules')
    .selectAll()
    .where('target_id', '=', target)
    .where('next_at', '<=', now)
    .orderBy('next_at')
    .orderBy('name')
    .execute()
  const due: DueAction[] = []
  for (const row of rows) {
    due.push(dueAction(row, now))
    // Each may take milliseconds, and whatever else this worker does must not wait for all of them.
    await immediately()
  }
  return due.sort((a, b) => a.run - b.run)
}

function dueAction(row: ScalingScheduleRow, now: number): DueAction {
  const due = row.next_at ?? now
  const schedule = parseSchedule(row.schedule, row.timezone ?? undefined)
  // A time zone that this Node does not know any more.
  if (schedule === undefined) return { row, run: due, next: null }
  const bounds = {
    ...(row.start_at !== null && { start: row.start_at }),
    ...(row.end_at !== null && { end: row.end_at }),
  }
  return { row, run: latestRun(schedule, bounds, due, now), next: nextRun(schedule, bounds, now, due) ?? null }
}

/** Changes the target's bounds, tells of it, and moves the action on in one unit: no worker does it again. */
async function runAction({ database, queue, sagemaker }: AutoscalingDeps, due: DueAction, now: number): Promise<void> {
  const { query } = database
  const { row, next } = due
  const target = await findTargetById(database, row.target_id)
  if (target === undefined) return
  const moveOn = statement(
    query
      .updateTable('scaling_schedules')
      .set({ next_at: next })
      .where('id', '=', row.id)
      .where('next_at', '=', row.next_at),
    one(concurrentUpdate),
  )
  if (suspendedOf(target).ScheduledScalingSuspended) {
    await database.commit([moveOn])
    return
  }
  const capacity = await sagemaker.findCapacity(target, target.endpoint_name, target.variant_name)
  const min = row.min_capacity ?? target.min_capacity
  const max = row.max_capacity ?? target.max_capacity
  const trouble =
    capacity === undefined
      ? 'There is no such endpoint variant'
      : max < min
        ? `Maximum capacity ${max} cannot be less than minimum capacity ${min}`
        : min < capacity.leastInstances
          ? `Minimum capacity ${min} must be at least ${capacity.leastInstances}`
          : undefined
  const told = (status: 'Successful' | 'Failed', status_message: string): Statement =>
    statement(
      query.insertInto('scaling_activities').values({ ...activityOf(target, row, now), status, status_message }),
    )
  await database.commit(
    trouble !== undefined
      ? [moveOn, told('Failed', `Failed to set ${aimOf(row)}. Reason: ${trouble}.`)]
      : [
          moveOn,
          statement(
            query
              .updateTable('scaling_targets')
              .set({ min_capacity: min, max_capacity: max, outside_capacity: null, revision: target.revision + 1 })
              .where('id', '=', target.id)
              .where('revision', '=', target.revision),
            one(concurrentUpdate),
          ),
          told('Successful', `Successfully set ${aimOf(row)}`),
          queue.enqueue(TARGET_WORK, target.id),
        ],
  )
}

const aimOf = ({ min_capacity: min, max_capacity: max }: ScalingScheduleRow): string =>
  [min === null ? [] : `min capacity to ${min}`, max === null ? [] : `max capacity to ${max}`].flat().join(' and ')

const activityOf = (target: ScalingTargetRow, row: ScalingScheduleRow, now: number) => ({
  id: randomUUID(),
  account: target.account,
  region: target.region,
  resource_id: target.resource_id,
  target_id: target.id,
  description: `Setting ${aimOf(row)}.`,
  cause: `scheduled action name ${row.name} was triggered`,
  to_capacity: row.min_capacity ?? row.max_capacity ?? 0,
  started_at: now,
  ended_at: now,
})
