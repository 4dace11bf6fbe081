import type {
  DeregisterScalableTargetRequest,
  DeregisterScalableTargetResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { dropOrphanAlarms } from '../policies/orphan-alarms.ts'
import { readResource } from '../scalable-resource.ts'
import { requireTarget } from './target-store.ts'

/** Forgets the target with its policies and their alarms. What it has now stays. */
export async function deregisterScalableTarget(
  deps: AutoscalingDeps,
  input: DeregisterScalableTargetRequest,
  context: RequestContext,
): Promise<DeregisterScalableTargetResponse> {
  const { database } = deps
  const { id } = await requireTarget(database, context, readResource(input).id)
  await database.commit([
    statement(database.query.deleteFrom('scaling_policies').where('target_id', '=', id)),
    statement(database.query.deleteFrom('scaling_targets').where('id', '=', id)),
  ])
  await dropOrphanAlarms(deps)
  return {}
}
