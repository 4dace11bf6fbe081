import { randomUUID } from 'node:crypto'
import type {
  PutScheduledActionRequest,
  PutScheduledActionResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { type AutoscalingDeps, SCHEDULE_WORK } from '../autoscaling-deps.ts'
import { concurrentUpdate, limitExceeded, noTarget, noVariant } from '../errors.ts'
import { readResource } from '../scalable-resource.ts'
import { requireTarget } from '../targets/target-store.ts'
import { readAction } from './action-rules.ts'

/** Of one target. Source: quotas of Application Auto Scaling. */
const MOST_ACTIONS = 200

/** Creates a scheduled action, or changes what is sent of one; without them, its start and its end are forgotten. */
export async function putScheduledAction(
  { database, queue, sagemaker }: AutoscalingDeps,
  input: PutScheduledActionRequest,
  { account, region, now }: RequestContext,
): Promise<PutScheduledActionResponse> {
  const { query } = database
  const resource = readResource(input)
  const target = await requireTarget(database, { account, region }, resource.id)
  const capacity = await sagemaker.findCapacity(target, target.endpoint_name, target.variant_name)
  if (capacity === undefined) throw noVariant(resource.id)
  const named = { target_id: target.id, name: input.ScheduledActionName }
  const known = await query
    .selectFrom('scaling_schedules')
    .selectAll()
    .where((of) => of.and(named))
    .executeTakeFirst()
  const action = readAction(input, known, { now, leastInstances: capacity.leastInstances })
  await database.commit([
    statement(
      query.selectFrom('scaling_targets').select('id').where('id', '=', target.id),
      one(() => noTarget(resource.id)),
    ),
    sagemaker.variantStillThere(target, resource.endpoint, resource.variant, () => noVariant(resource.id)),
    known === undefined
      ? statement(
          query
            .insertInto('scaling_schedules')
            .values({ ...action, ...named, id: randomUUID(), created_at: now })
            .onConflict((conflict) => conflict.columns(['target_id', 'name']).doNothing()),
          one(concurrentUpdate),
        )
      : statement(
          // One that runs in this moment has moved on, and must not be sent back.
          query
            .updateTable('scaling_schedules')
            .set(action)
            .where('id', '=', known.id)
            .where('next_at', known.next_at === null ? 'is' : '=', known.next_at),
          one(concurrentUpdate),
        ),
    statement(
      query
        .selectFrom('scaling_schedules')
        .select('id')
        .where('target_id', '=', target.id)
        .offset(MOST_ACTIONS)
        .limit(1),
      none(() => limitExceeded('scheduled actions of a scalable target', MOST_ACTIONS)),
    ),
    queue.enqueue(SCHEDULE_WORK, target.id),
  ])
  return {}
}
