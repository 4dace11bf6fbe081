import type {
  CustomizedMetricSpecification,
  PutScalingPolicyRequest,
  StepAdjustment,
  StepScalingPolicyConfiguration,
  TargetTrackingScalingPolicyConfiguration,
} from '../../../model/generated/application-autoscaling.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { invalid } from '../errors.ts'

const INVOCATIONS = 'SageMakerVariantInvocationsPerInstance'
const MOST_STEPS = 20

export type PolicyConfiguration =
  | { readonly type: 'TargetTrackingScaling'; readonly configuration: TargetTrackingScalingPolicyConfiguration }
  | { readonly type: 'StepScaling'; readonly configuration: StepScalingPolicyConfiguration }

/** Which configuration a request gives. @throws ValidationException, NotImplemented */
export function readPolicy(input: PutScalingPolicyRequest, known?: string): PolicyConfiguration {
  const type = input.PolicyType ?? known ?? 'StepScaling'
  if (known !== undefined && type !== known) throw invalid('The policy type of a scaling policy cannot be changed')
  const { StepScalingPolicyConfiguration: step, TargetTrackingScalingPolicyConfiguration: tracking } = input
  if (type === 'PredictiveScaling' || input.PredictiveScalingPolicyConfiguration !== undefined)
    throw notImplemented('Predictive scaling')
  if (type === 'StepScaling') {
    if (tracking !== undefined || step === undefined)
      throw invalid('A policy of type StepScaling takes a StepScalingPolicyConfiguration and no other')
    checkSteps(step)
    return { type, configuration: step }
  }
  if (step !== undefined || tracking === undefined)
    throw invalid(
      'A policy of type TargetTrackingScaling takes a TargetTrackingScalingPolicyConfiguration and no other',
    )
  checkTracking(tracking)
  return { type: 'TargetTrackingScaling', configuration: tracking }
}

function checkTracking(configuration: TargetTrackingScalingPolicyConfiguration): void {
  const { TargetValue: target, PredefinedMetricSpecification: predefined } = configuration
  const { CustomizedMetricSpecification: customized } = configuration
  if (!(Number.isFinite(target) && target >= 8.51592e-109 && target <= 1.174271e108))
    throw invalid('TargetValue must be a number between 8.515920e-109 and 1.174271e+108')
  checkCooldown('ScaleOutCooldown', configuration.ScaleOutCooldown)
  checkCooldown('ScaleInCooldown', configuration.ScaleInCooldown)
  if ((predefined === undefined) === (customized === undefined))
    throw invalid('Specify one of PredefinedMetricSpecification and CustomizedMetricSpecification')
  if (customized !== undefined) return checkMetric(customized)
  const type = predefined?.PredefinedMetricType ?? ''
  if (type.startsWith('SageMaker') && type !== INVOCATIONS) throw notImplemented(`The predefined metric ${type}`)
  if (type !== INVOCATIONS) throw invalid(`The predefined metric type ${type} does not fit the service namespace`)
  if (predefined?.ResourceLabel !== undefined) throw invalid(`${INVOCATIONS} takes no ResourceLabel`)
}

/** What is within Metrics, CloudWatch checks. */
function checkMetric(specification: CustomizedMetricSpecification): void {
  const { Metrics, MetricName, Namespace, Statistic } = specification
  if (Metrics !== undefined) {
    if (Object.keys(specification).length > 1)
      throw invalid('CustomizedMetricSpecification takes Metrics alone or a single metric')
    if (Metrics.length === 0) throw invalid('CustomizedMetricSpecification needs at least one of Metrics')
    return
  }
  if (MetricName === undefined || Namespace === undefined || Statistic === undefined)
    throw invalid('CustomizedMetricSpecification needs MetricName, Namespace and Statistic')
}

function checkCooldown(member: string, seconds: number | undefined): void {
  if (seconds !== undefined && seconds < 0) throw invalid(`${member} must not be negative`)
}

function checkSteps(configuration: StepScalingPolicyConfiguration): void {
  const { AdjustmentType: type, StepAdjustments: steps = [], MinAdjustmentMagnitude: least } = configuration
  if (type === undefined) throw invalid('AdjustmentType is required for a step scaling policy')
  if (steps.length === 0) throw invalid('StepAdjustments is required for a step scaling policy')
  if (steps.length > MOST_STEPS) throw invalid(`A step scaling policy has at most ${MOST_STEPS} step adjustments`)
  if (least !== undefined && type !== 'PercentChangeInCapacity')
    throw invalid('MinAdjustmentMagnitude is only for the adjustment type PercentChangeInCapacity')
  if (least !== undefined && least < 0) throw invalid('MinAdjustmentMagnitude must not be negative')
  if (type === 'ExactCapacity' && steps.some(({ ScalingAdjustment }) => ScalingAdjustment < 0))
    throw invalid('ScalingAdjustment must not be negative for the adjustment type ExactCapacity')
  checkCooldown('Cooldown', configuration.Cooldown)
  checkIntervals(steps)
}

/** Intervals lie side by side, without gaps, and one step that is open below or above ends them. */
function checkIntervals(steps: readonly StepAdjustment[]): void {
  const bounds = steps.flatMap(({ MetricIntervalLowerBound: lower, MetricIntervalUpperBound: upper }) => [lower, upper])
  if (bounds.some((bound) => bound !== undefined && !Number.isFinite(bound)))
    throw invalid('MetricIntervalLowerBound and MetricIntervalUpperBound must be finite numbers')
  const intervals = steps
    .map(({ MetricIntervalLowerBound: lower, MetricIntervalUpperBound: upper }) => ({
      lower: lower ?? Number.NEGATIVE_INFINITY,
      upper: upper ?? Number.POSITIVE_INFINITY,
    }))
    .sort((a, b) => a.lower - b.lower)
  for (const [index, { lower, upper }] of intervals.entries()) {
    if (lower === Number.NEGATIVE_INFINITY && upper === Number.POSITIVE_INFINITY)
      throw invalid('A step adjustment needs MetricIntervalLowerBound or MetricIntervalUpperBound')
    if (!(lower < upper)) throw invalid('MetricIntervalLowerBound must be less than MetricIntervalUpperBound')
    const next = intervals[index + 1]
    if (next === undefined) continue
    if (next.lower < upper) throw invalid('The intervals of step adjustments must not overlap')
    if (next.lower > upper) throw invalid('There must be no gap between the intervals of step adjustments')
  }
  const reachesUp = intervals.at(-1)?.upper === Number.POSITIVE_INFINITY
  const reachesDown = intervals[0]?.lower === Number.NEGATIVE_INFINITY
  if (intervals.some(({ lower }) => lower >= 0) && !reachesUp)
    throw invalid('With steps above the threshold, one must have no MetricIntervalUpperBound')
  if (intervals.some(({ upper }) => upper <= 0) && !reachesDown)
    throw invalid('With steps below the threshold, one must have no MetricIntervalLowerBound')
}
