import type {
  DeleteScalingPolicyRequest,
  DeleteScalingPolicyResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { noPolicy } from '../errors.ts'
import { readResource } from '../scalable-resource.ts'
import { findTarget } from '../targets/target-store.ts'
import { dropOrphanAlarms } from './orphan-alarms.ts'

/** Deletes the policy, and the alarms that were made for it. */
export async function deleteScalingPolicy(
  deps: AutoscalingDeps,
  input: DeleteScalingPolicyRequest,
  context: RequestContext,
): Promise<DeleteScalingPolicyResponse> {
  const { database } = deps
  const { id: resource } = readResource(input)
  const missing = () => noPolicy(resource, input.PolicyName)
  const target = await findTarget(database, context, resource)
  if (target === undefined) throw missing()
  const policy = { target_id: target.id, name: input.PolicyName }
  await database.commit([
    statement(
      database.query.deleteFrom('scaling_policies').where((of) => of.and(policy)),
      one(missing),
    ),
  ])
  await dropOrphanAlarms(deps)
  return {}
}
