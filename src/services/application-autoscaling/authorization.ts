import type {
  ApplicationAutoscalingOperation,
  ApplicationAutoscalingOperations,
} from '../../model/generated/application-autoscaling.ts'
import { formatArn } from '../../shared/arn.ts'
import type { Database } from '../../storage/database.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { readResource, type ScalableResource, targetArn, targetOfArn } from './scalable-resource.ts'
import { findTarget } from './targets/target-store.ts'

type Inputs = {
  readonly [Name in ApplicationAutoscalingOperation]: NeedsOf<ApplicationAutoscalingOperations[Name]['input']>
}

interface TargetInput {
  readonly ServiceNamespace: string
  readonly ResourceId: string
  readonly ScalableDimension: string
}

const onAny = (action: string) => (): readonly AccessNeed[] => [
  { action: `application-autoscaling:${action}`, resource: '*' },
]

/** What is done with the endpoint and its alarms is asked for, too: a policy must not lend rights that its maker lacks. */
const onEndpoint = (
  actions: readonly string[],
  { endpoint }: ScalableResource,
  { account, region }: RequestContext,
): readonly AccessNeed[] => {
  const resource = formatArn({ service: 'sagemaker', region, account, resource: `endpoint/${endpoint.toLowerCase()}` })
  return actions.map((action) => ({ action: `sagemaker:${action}`, resource }))
}

const onAlarms = (action: string, { id }: ScalableResource, { account, region }: RequestContext): AccessNeed => ({
  action: `cloudwatch:${action}`,
  resource: formatArn({ service: 'cloudwatch', region, account, resource: `alarm:TargetTracking-${id}-*` }),
})

function requestTags(tags: Readonly<Record<string, string>>): NonNullable<AccessNeed['conditions']> {
  const requested = Object.entries(tags).map(([key, value]) => [`aws:requesttag/${key.toLowerCase()}`, value])
  return requested.length === 0 ? {} : { ...Object.fromEntries(requested), 'aws:tagkeys': Object.keys(tags) }
}

/** Nothing opens a target to another account. */
function onTagged(
  action: string,
  arn: string,
  { account }: RequestContext,
  conditions: NonNullable<AccessNeed['conditions']> = {},
): readonly AccessNeed[] {
  const need = { action: `application-autoscaling:${action}`, resource: arn, conditions }
  const owner = targetOfArn(arn)?.account ?? account
  return [owner === account ? need : { ...need, resourceSide: { account: owner } }]
}

function passRole(role: string | undefined): readonly AccessNeed[] {
  if (role === undefined) return []
  const conditions = { 'iam:passedtoservice': 'application-autoscaling.amazonaws.com' }
  return [{ action: 'iam:PassRole', resource: role, conditions }]
}

/** Source: the service authorization reference, and "Permissions required to work with target resources". */
export function createAutoscalingAuthorization(database: Database): AuthorizationTable {
  const onTarget = async (
    action: string,
    input: TargetInput,
    context: RequestContext,
    conditions: AccessNeed['conditions'] = {},
  ): Promise<AccessNeed> => {
    const { id } = readResource(input)
    const target = await findTarget(database, context, id)
    return {
      action: `application-autoscaling:${action}`,
      resource: targetArn(context, target?.id ?? '*'),
      conditions: {
        ...conditions,
        'application-autoscaling:service-namespace': input.ServiceNamespace,
        'application-autoscaling:scalable-dimension': input.ScalableDimension,
      },
    }
  }
  const table: Inputs = {
    DeleteScalingPolicy: async (input, context) => [
      await onTarget('DeleteScalingPolicy', input, context),
      onAlarms('DeleteAlarms', readResource(input), context),
    ],
    DeleteScheduledAction: async (input, context) => [await onTarget('DeleteScheduledAction', input, context)],
    DeregisterScalableTarget: async (input, context) => [
      await onTarget('DeregisterScalableTarget', input, context),
      onAlarms('DeleteAlarms', readResource(input), context),
    ],
    DescribeScalableTargets: onAny('DescribeScalableTargets'),
    DescribeScalingActivities: onAny('DescribeScalingActivities'),
    DescribeScalingPolicies: onAny('DescribeScalingPolicies'),
    DescribeScheduledActions: onAny('DescribeScheduledActions'),
    ListTagsForResource: ({ ResourceARN }, context) => onTagged('ListTagsForResource', ResourceARN, context),
    PutScalingPolicy: async (input, context) => [
      await onTarget('PutScalingPolicy', input, context),
      ...onEndpoint(['UpdateEndpointWeightsAndCapacities'], readResource(input), context),
      ...(input.TargetTrackingScalingPolicyConfiguration !== undefined
        ? [onAlarms('PutMetricAlarm', readResource(input), context)]
        : []),
    ],
    PutScheduledAction: async (input, context) => [
      await onTarget('PutScheduledAction', input, context),
      ...onEndpoint(['UpdateEndpointWeightsAndCapacities'], readResource(input), context),
    ],
    // Who registers a target with tags must be allowed to tag it as well.
    RegisterScalableTarget: async ({ Tags = {}, ...input }, context) => [
      ...(await Promise.all(
        ['RegisterScalableTarget', ...(Object.keys(Tags).length > 0 ? ['TagResource'] : [])].map((action) =>
          onTarget(action, input, context, requestTags(Tags)),
        ),
      )),
      ...onEndpoint(['DescribeEndpoint', 'UpdateEndpointWeightsAndCapacities'], readResource(input), context),
      ...passRole(input.RoleARN),
    ],
    TagResource: ({ ResourceARN, Tags }, context) => onTagged('TagResource', ResourceARN, context, requestTags(Tags)),
    UntagResource: ({ ResourceARN, TagKeys }, context) =>
      onTagged('UntagResource', ResourceARN, context, { 'aws:tagkeys': TagKeys }),
  }
  return table
}
