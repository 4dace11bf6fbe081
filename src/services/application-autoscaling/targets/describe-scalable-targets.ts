import type {
  DescribeScalableTargetsRequest,
  DescribeScalableTargetsResponse,
  ScalableTarget,
} from '../../../model/generated/application-autoscaling.ts'
import { formatArn } from '../../../shared/arn.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { nextToken, pageOf } from '../list-page.ts'
import { DIMENSION, NAMESPACE, requireScalable, targetArn } from '../scalable-resource.ts'
import { suspendedOf } from './target-store.ts'

export async function describeScalableTargets(
  { database }: AutoscalingDeps,
  input: DescribeScalableTargetsRequest,
  { account, region }: RequestContext,
): Promise<DescribeScalableTargetsResponse> {
  requireScalable(input.ServiceNamespace, input.ScalableDimension)
  const scope = JSON.stringify(['targets', account, region, input.ResourceIds ?? []])
  let query = database.query
    .selectFrom('scaling_targets')
    .selectAll()
    .where((of) => of.and({ account, region }))
  if (input.ResourceIds !== undefined && input.ResourceIds.length > 0)
    query = query.where('resource_id', 'in', input.ResourceIds)
  const { rows, next } = await readPage(query, ['resource_id'], pageOf(scope, input))
  return { ScalableTargets: rows.map(targetView), ...nextToken(scope, next) }
}

/** The role that AWS makes for scaling endpoints; nothing here needs it. */
const roleArn = (account: string): string =>
  formatArn({
    ...{ service: 'iam', region: '', account },
    resource:
      'role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
  })

const targetView = (row: ScalingTargetRow): ScalableTarget => ({
  ServiceNamespace: NAMESPACE,
  ResourceId: row.resource_id,
  ScalableDimension: DIMENSION,
  MinCapacity: row.min_capacity,
  MaxCapacity: row.max_capacity,
  RoleARN: roleArn(row.account),
  CreationTime: row.created_at,
  SuspendedState: suspendedOf(row),
  ScalableTargetARN: targetArn(row, row.id),
})
