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
    DeregisterScalableTarget: (input, context) => deregisterScalableTarget(deps, input, context),
    DescribeScalableTargets: (input, context) => describeScalableTargets(deps, input, context),
    DescribeScalingActivities: (input, context) => describeScalingActivities(deps, input, context),
    DescribeScalingPolicies: (input, context) => describeScalingPolicies(deps, input, context),
    PutScalingPolicy: (input, context) => putScalingPolicy(deps, input, context),
    RegisterScalableTarget: (input, context) => registerScalableTarget(deps, input, context),
  }) satisfies AutoscalingTable
