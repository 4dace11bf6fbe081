import type { WorkHandler, WorkOutcome } from '../../../control/work-queue.ts'
import type { ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { VariantCapacity } from '../../sagemaker/facade.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { concurrentUpdate } from '../errors.ts'
import { CapacityRefused, changeCapacity } from './change-capacity.ts'
import type { LastScaling } from './wanted-capacity.ts'

const AGAIN = { done: false, againInMilliseconds: 1_000 } as const
const DONE = { done: true } as const
/** What has just failed is left alone for as long. */
const LATER = { done: false, againInMilliseconds: 10 * 60_000 } as const
/** What an endpoint does not come out of by waiting. */
const STUCK: ReadonlySet<string> = new Set(['Failed', 'OutOfService', 'UpdateRollbackFailed', 'Deleting'])

/**
 * Waits until the endpoint is at rest, closes what was under way, and then brings the capacity between the bounds, again and
 * again until it is there or somebody has set another.
 */
export function targetHandler(deps: AutoscalingDeps): WorkHandler {
  const { database, sagemaker } = deps
  return async ({ key }) => {
    const target = await database.query
      .selectFrom('scaling_targets')
      .selectAll()
      .where('id', '=', key)
      .executeTakeFirst()
    if (target === undefined) {
      await abandon(deps, key)
      return DONE
    }
    const capacity = await sagemaker.findCapacity(target, target.endpoint_name, target.variant_name)
    if (capacity === undefined || STUCK.has(capacity.status)) {
      await closeActivities(deps, target, undefined)
      return DONE
    }
    if (capacity.status !== 'InService') return AGAIN
    const failed = await closeActivities(deps, target, capacity)
    const now = await database.query.selectFrom('scaling_targets').selectAll().where('id', '=', key).executeTakeFirst()
    return now === undefined ? DONE : bringBetween(deps, now, capacity.desiredInstances, failed)
  }
}

/** `failed` are the capacities that have just not been reached. */
async function bringBetween(
  deps: AutoscalingDeps,
  target: ScalingTargetRow,
  from: number,
  failed: readonly number[],
): Promise<WorkOutcome> {
  const { min_capacity: min, max_capacity: max, outside_capacity: outside } = target
  const to = Math.min(max, Math.max(min, from))
  // An endpoint whose update fails goes back to what it had. Another capacity has been set by somebody since, and stays.
  if (to === from || (outside !== null && outside !== from)) return DONE
  if (failed.includes(to)) return LATER
  const cause = to > from ? `minimum capacity was set to ${min}` : `maximum capacity was set to ${max}`
  try {
    await changeCapacity(deps, target, { from, to, cause, cooldownSeconds: undefined })
    return AGAIN
  } catch (error) {
    if (error instanceof CapacityRefused) return LATER
    throw error
  }
}

/** Returns the capacities that were to be reached and have not been; the cooldown of what a policy did begins now. */
async function closeActivities(
  { database, clock }: AutoscalingDeps,
  target: ScalingTargetRow,
  capacity: VariantCapacity | undefined,
): Promise<readonly number[]> {
  const { query } = database
  const open = await query
    .selectFrom('scaling_activities')
    .selectAll()
    .where((of) => of.and({ target_id: target.id, status: 'InProgress' }))
    .execute()
  if (open.length === 0) return []
  const last = target.last_scaling === null ? undefined : (JSON.parse(target.last_scaling) as LastScaling)
  const ended_at = clock.now()
  const settled =
    last === undefined || last.endedAt !== undefined
      ? target.last_scaling
      : JSON.stringify({ ...last, endedAt: ended_at })
  const reached = (to: number) => capacity?.desiredInstances === to
  await database.commit([
    statement(
      query
        .updateTable('scaling_targets')
        .set({ last_scaling: settled, revision: target.revision + 1 })
        .where('id', '=', target.id)
        .where('revision', '=', target.revision),
      one(concurrentUpdate),
    ),
    ...open.map(({ id, to_capacity: to }) =>
      statement(
        query
          .updateTable('scaling_activities')
          .set(
            reached(to)
              ? {
                  status: 'Successful',
                  status_message: `Successfully set desired instance count to ${to}. Change successfully fulfilled by sagemaker.`,
                  ended_at,
                }
              : {
                  status: 'Failed',
                  status_message: `Failed to set desired instance count to ${to}: the endpoint has come to rest with another.`,
                  ended_at,
                },
          )
          .where('id', '=', id),
      ),
    ),
  ])
  return open.map(({ to_capacity }) => to_capacity).filter((to) => !reached(to))
}

/** What was under way for a target that is gone. */
async function abandon({ database, clock }: AutoscalingDeps, target_id: string): Promise<void> {
  const ended = {
    status: 'Failed',
    status_message: 'The scalable target was deregistered before the change was seen through.',
    ended_at: clock.now(),
  }
  await database.commit([
    statement(
      database.query
        .updateTable('scaling_activities')
        .set(ended)
        .where((of) => of.and({ target_id, status: 'InProgress' })),
    ),
  ])
}
