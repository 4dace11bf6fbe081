import type {
  DescribeScalingPoliciesRequest,
  DescribeScalingPoliciesResponse,
  ScalingPolicy,
  StepScalingPolicyConfiguration,
  TargetTrackingScalingPolicyConfiguration,
} from '../../../model/generated/application-autoscaling.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'
import { nextToken, pageOf } from '../list-page.ts'
import { DIMENSION, NAMESPACE, policyArn, requireScalable } from '../scalable-resource.ts'
import { alarmView } from './put-scaling-policy.ts'

export async function describeScalingPolicies(
  { database, cloudwatch }: AutoscalingDeps,
  input: DescribeScalingPoliciesRequest,
  { account, region }: RequestContext,
): Promise<DescribeScalingPoliciesResponse> {
  requireScalable(input.ServiceNamespace, input.ScalableDimension)
  const { PolicyNames: names = [], ResourceId: resource } = input
  const owner = { account, region }
  const scope = JSON.stringify(['policies', account, region, resource, names])
  let query = database.query
    .selectFrom('scaling_policies')
    .innerJoin('scaling_targets', 'scaling_targets.id', 'scaling_policies.target_id')
    .select([
      'scaling_policies.id as policy_id',
      'scaling_policies.name as policy_name',
      'scaling_policies.type as type',
      'scaling_policies.configuration as configuration',
      'scaling_policies.created_at as policy_created_at',
      'scaling_targets.resource_id as resource_id',
    ])
    .where('scaling_targets.account', '=', account)
    .where('scaling_targets.region', '=', region)
  if (resource !== undefined) query = query.where('scaling_targets.resource_id', '=', resource)
  if (names.length > 0) query = query.where('scaling_policies.name', 'in', names)
  const listed = database.query.selectFrom(query.as('listed')).selectAll()
  const { rows, next } = await readPage(listed, ['resource_id', 'policy_name'], pageOf(scope, input))
  const ids = rows.map(({ policy_id }) => policy_id)
  const alarms =
    ids.length === 0
      ? []
      : await database.query
          .selectFrom('scaling_alarms')
          .selectAll()
          .where('policy_id', 'in', ids)
          .orderBy('side')
          .execute()
  const arnOf = (row: (typeof rows)[number]) => policyArn(owner, row.policy_id, row.resource_id, row.policy_name)
  // The alarms of step scaling are its users' own: those that name the policy.
  const named = await cloudwatch.alarmsOfPolicies(owner, rows.filter(({ type }) => type === 'StepScaling').map(arnOf))
  const ScalingPolicies = rows.map((row): ScalingPolicy => {
    const configuration = JSON.parse(row.configuration) as unknown
    const own = alarms.filter(({ policy_id }) => policy_id === row.policy_id).map(({ name }) => name)
    return {
      PolicyARN: arnOf(row),
      PolicyName: row.policy_name,
      ServiceNamespace: NAMESPACE,
      ResourceId: row.resource_id,
      ScalableDimension: DIMENSION,
      ...(row.type === 'StepScaling'
        ? {
            PolicyType: 'StepScaling',
            StepScalingPolicyConfiguration: configuration as StepScalingPolicyConfiguration,
          }
        : {
            PolicyType: 'TargetTrackingScaling',
            TargetTrackingScalingPolicyConfiguration: configuration as TargetTrackingScalingPolicyConfiguration,
          }),
      Alarms: [...own, ...(named.get(arnOf(row)) ?? [])].map((name) => alarmView(owner, name)),
      CreationTime: row.policy_created_at,
    }
  })
  return { ScalingPolicies, ...nextToken(scope, next) }
}
