import type {
  DescribeScalingActivitiesRequest,
  DescribeScalingActivitiesResponse,
  ScalingActivity,
  ScalingActivityStatusCode,
} from '../../../model/generated/application-autoscaling.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { ScalingActivityRow } from '../../../storage/schema/autoscaling.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { nextToken, pageOf } from '../list-page.ts'
import { DIMENSION, NAMESPACE, requireScalable } from '../scalable-resource.ts'

/** The activities of the last weeks, newest first. */
export async function describeScalingActivities(
  { database }: AutoscalingDeps,
  input: DescribeScalingActivitiesRequest,
  { account, region }: RequestContext,
): Promise<DescribeScalingActivitiesResponse> {
  requireScalable(input.ServiceNamespace, input.ScalableDimension)
  if (input.IncludeNotScaledActivities === true) throw notImplemented('IncludeNotScaledActivities')
  const resource_id = input.ResourceId
  const scope = JSON.stringify(['activities', account, region, resource_id])
  const query = database.query
    .selectFrom('scaling_activities')
    .selectAll()
    .where((of) => of.and({ account, region, ...(resource_id !== undefined && { resource_id }) }))
  const { rows, next } = await readPage(query, ['started_at', 'id'], pageOf(scope, input, true))
  return { ScalingActivities: rows.map(activityView), ...nextToken(scope, next) }
}

const activityView = (row: ScalingActivityRow): ScalingActivity => ({
  ActivityId: row.id,
  ServiceNamespace: NAMESPACE,
  ResourceId: row.resource_id,
  ScalableDimension: DIMENSION,
  Description: row.description,
  Cause: row.cause,
  StartTime: row.started_at,
  ...(row.ended_at !== null && { EndTime: row.ended_at }),
  StatusCode: row.status as ScalingActivityStatusCode,
  ...(row.status_message !== null && { StatusMessage: row.status_message }),
})
