import type {
  DeregisterScalableTargetRequest,
  DeregisterScalableTargetResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { noTarget } from '../errors.ts'
import { dropOrphanAlarms } from '../policies/orphan-alarms.ts'
import { readResource } from '../scalable-resource.ts'
import { requireTarget } from './target-store.ts'

/** Forgets the target with its scheduled actions, its policies and their alarms. What it has now stays. */
export async function deregisterScalableTarget(
  deps: AutoscalingDeps,
  input: DeregisterScalableTargetRequest,
  context: RequestContext,
): Promise<DeregisterScalableTargetResponse> {
  const { database } = deps
  const resource = readResource(input).id
  const { id } = await requireTarget(database, context, resource)
  await database.commit([
    statement(database.query.deleteFrom('scaling_policies').where('target_id', '=', id)),
    statement(database.query.deleteFrom('scaling_schedules').where('target_id', '=', id)),
    statement(
      database.query.deleteFrom('scaling_targets').where('id', '=', id),
      one(() => noTarget(resource)),
    ),
  ])
  await dropOrphanAlarms(deps)
  return {}
}
