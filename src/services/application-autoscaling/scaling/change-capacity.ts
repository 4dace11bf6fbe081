import { randomUUID } from 'node:crypto'
import type { ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'
import { one, statement } from '../../../storage/statement.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import { type AutoscalingDeps, TARGET_WORK } from '../autoscaling-deps.ts'
import { concurrentUpdate } from '../errors.ts'
import type { LastScaling } from './wanted-capacity.ts'

/** The capacity cannot be had. An activity tells of it. */
export class CapacityRefused extends Error {
  override readonly name = 'CapacityRefused'
}

/**
 * Sets a target's capacity, and keeps in the same unit of work that it was done and why. The target's work item sees it
 * through. `cooldownSeconds` is undefined for what is no policy's doing.
 * @throws CapacityRefused when the platform has no such capacity; others are worth another try
 */
export async function changeCapacity(
  { database, queue, sagemaker, clock }: AutoscalingDeps,
  target: ScalingTargetRow,
  change: {
    readonly from: number
    readonly to: number
    readonly cause: string
    readonly cooldownSeconds: number | undefined
  },
): Promise<void> {
  const { query } = database
  const { account, region, resource_id, id: target_id } = target
  const { from, to, cause, cooldownSeconds: cooldown } = change
  const now = clock.now()
  const last: LastScaling | undefined = cooldown === undefined ? undefined : { from, to, cooldown, startedAt: now }
  const activity = {
    ...{ id: randomUUID(), account, region, resource_id, target_id, cause, to_capacity: to },
    description: `Setting desired instance count to ${to}.`,
    started_at: now,
  }
  const revised = query
    .updateTable('scaling_targets')
    .set({ revision: target.revision + 1, outside_capacity: last === undefined ? from : null })
    .where('id', '=', target.id)
    .where('revision', '=', target.revision)
  const update = last === undefined ? revised : revised.set({ last_scaling: JSON.stringify(last) })
  try {
    await sagemaker.setInstanceCount(target, target.endpoint_name, target.variant_name, to, [
      statement(update, one(concurrentUpdate)),
      statement(
        query
          .insertInto('scaling_activities')
          .values({ ...activity, status: 'InProgress', status_message: null, ended_at: null }),
      ),
      queue.enqueue(TARGET_WORK, target.id),
    ])
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'ResourceLimitExceeded') throw error
    const status_message = `Failed to set desired instance count to ${to}. Reason: ${error.message}`
    await database.commit([
      // What a policy did not get has changed nothing.
      ...(last === undefined ? [statement(revised, one(concurrentUpdate))] : []),
      statement(
        query.insertInto('scaling_activities').values({ ...activity, status: 'Failed', status_message, ended_at: now }),
      ),
    ])
    throw new CapacityRefused(error.message)
  }
}
