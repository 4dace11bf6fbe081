import type {
  ApplicationAutoscalingOperation,
  ApplicationAutoscalingOperations,
} from '../../model/generated/application-autoscaling.ts'
import type { Operation, OperationTable } from '../operation.ts'
import type { AutoscalingDeps } from './autoscaling-deps.ts'
import { deleteScalingPolicy } from './policies/delete-scaling-policy.ts'
import { describeScalingPolicies } from './policies/describe-scaling-policies.ts'
import { putScalingPolicy } from './policies/put-scaling-policy.ts'
import { describeScalingActivities } from './scaling/describe-scaling-activities.ts'
import { deleteScheduledAction } from './schedules/delete-scheduled-action.ts'
import { describeScheduledActions } from './schedules/describe-scheduled-actions.ts'
import { putScheduledAction } from './schedules/put-scheduled-action.ts'
import { listTagsForResource, tagResource, untagResource } from './tags/tag-operations.ts'
import { deregisterScalableTarget } from './targets/deregister-scalable-target.ts'
import { describeScalableTargets } from './targets/describe-scalable-targets.ts'
import { registerScalableTarget } from './targets/register-scalable-target.ts'

type AutoscalingTable = {
  readonly [Name in ApplicationAutoscalingOperation]: Operation<
    ApplicationAutoscalingOperations[Name]['input'],
    ApplicationAutoscalingOperations[Name]['output']
  >
}

/** Application Auto Scaling of endpoint variants. */
export const createAutoscalingService = (deps: AutoscalingDeps): OperationTable =>
  ({
    DeleteScalingPolicy: (input, context) => deleteScalingPolicy(deps, input, context),
    DeleteScheduledAction: (input, context) => deleteScheduledAction(deps, input, context),
    DeregisterScalableTarget: (input, context) => deregisterScalableTarget(deps, input, context),
    DescribeScalableTargets: (input, context) => describeScalableTargets(deps, input, context),
    DescribeScalingActivities: (input, context) => describeScalingActivities(deps, input, context),
    DescribeScalingPolicies: (input, context) => describeScalingPolicies(deps, input, context),
    DescribeScheduledActions: (input, context) => describeScheduledActions(deps, input, context),
    ListTagsForResource: (input, context) => listTagsForResource(deps, input, context),
    PutScalingPolicy: (input, context) => putScalingPolicy(deps, input, context),
    PutScheduledAction: (input, context) => putScheduledAction(deps, input, context),
    RegisterScalableTarget: (input, context) => registerScalableTarget(deps, input, context),
    TagResource: (input, context) => tagResource(deps, input, context),
    UntagResource: (input, context) => untagResource(deps, input, context),
  }) satisfies AutoscalingTable
