import type {
  DescribeScheduledActionsRequest,
  DescribeScheduledActionsResponse,
  ScheduledAction,
} from '../../../model/generated/application-autoscaling.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { ScalingScheduleRow } from '../../../storage/schema/autoscaling.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { nextToken, pageOf } from '../list-page.ts'
import { DIMENSION, NAMESPACE, type Owner, requireScalable, scheduledActionArn } from '../scalable-resource.ts'

export async function describeScheduledActions(
  { database }: AutoscalingDeps,
  input: DescribeScheduledActionsRequest,
  { account, region }: RequestContext,
): Promise<DescribeScheduledActionsResponse> {
  requireScalable(input.ServiceNamespace, input.ScalableDimension)
  const { ScheduledActionNames: names = [], ResourceId: resource } = input
  const scope = JSON.stringify(['schedules', account, region, resource, names])
  let query = database.query
    .selectFrom('scaling_schedules')
    .innerJoin('scaling_targets', 'scaling_targets.id', 'scaling_schedules.target_id')
    .selectAll('scaling_schedules')
    .select('scaling_targets.resource_id')
    .where('scaling_targets.account', '=', account)
    .where('scaling_targets.region', '=', region)
  if (resource !== undefined) query = query.where('scaling_targets.resource_id', '=', resource)
  if (names.length > 0) query = query.where('scaling_schedules.name', 'in', names)
  const listed = database.query.selectFrom(query.as('listed')).selectAll()
  const { rows, next } = await readPage(listed, ['resource_id', 'name'], pageOf(scope, input))
  return { ScheduledActions: rows.map((row) => actionView({ account, region }, row)), ...nextToken(scope, next) }
}

const actionView = (owner: Owner, row: ScalingScheduleRow & { readonly resource_id: string }): ScheduledAction => ({
  ScheduledActionName: row.name,
  ScheduledActionARN: scheduledActionArn(owner, row.id, row.resource_id, row.name),
  ServiceNamespace: NAMESPACE,
  Schedule: row.schedule,
  ...(row.timezone !== null && { Timezone: row.timezone }),
  ResourceId: row.resource_id,
  ScalableDimension: DIMENSION,
  ...(row.start_at !== null && { StartTime: row.start_at }),
  ...(row.end_at !== null && { EndTime: row.end_at }),
  ScalableTargetAction: {
    ...(row.min_capacity !== null && { MinCapacity: row.min_capacity }),
    ...(row.max_capacity !== null && { MaxCapacity: row.max_capacity }),
  },
  CreationTime: row.created_at,
})
