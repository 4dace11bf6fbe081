import type {
  DeleteScheduledActionRequest,
  DeleteScheduledActionResponse,
} from '../../../model/generated/application-autoscaling.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { noScheduledAction } from '../errors.ts'
import { readResource } from '../scalable-resource.ts'
import { findTarget } from '../targets/target-store.ts'

export async function deleteScheduledAction(
  { database }: AutoscalingDeps,
  input: DeleteScheduledActionRequest,
  context: RequestContext,
): Promise<DeleteScheduledActionResponse> {
  const { id: resource } = readResource(input)
  const missing = () => noScheduledAction(resource, input.ScheduledActionName)
  const target = await findTarget(database, context, resource)
  if (target === undefined) throw missing()
  const action = { target_id: target.id, name: input.ScheduledActionName }
  await database.commit([
    statement(
      database.query.deleteFrom('scaling_schedules').where((of) => of.and(action)),
      one(missing),
    ),
  ])
  return {}
}
