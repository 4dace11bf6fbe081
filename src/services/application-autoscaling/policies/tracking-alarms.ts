import type {
  TargetTrackingMetricDataQuery,
  TargetTrackingScalingPolicyConfiguration,
} from '../../../model/generated/application-autoscaling.ts'
import type { MetricDataQuery, PutMetricAlarmInput } from '../../../model/generated/cloudwatch.ts'
import type { ScalingTargetRow } from '../../../storage/schema/autoscaling.ts'

/** The alarm on the low side is raised this far below the target. */
const LOW_SHARE = 0.9
const HIGH_PERIODS = 3
const LOW_PERIODS = 15
const MINUTE = 60

export type Side = 'high' | 'low'

/**
 * An alarm of a target tracking policy. An endpoint that is not invoked reports no invocations, which counts as none at all;
 * of other metrics missing data says nothing. Source: "How target tracking works" (Application Auto Scaling user guide).
 */
export function trackingAlarm(
  configuration: TargetTrackingScalingPolicyConfiguration,
  target: Pick<ScalingTargetRow, 'endpoint_name' | 'variant_name'>,
  side: Side,
  alarm: { readonly name: string; readonly action: string; readonly periodSeconds: number },
): PutMetricAlarmInput {
  const isHigh = side === 'high'
  const periods = isHigh ? HIGH_PERIODS : LOW_PERIODS
  const goal = goalOf(configuration, alarm.periodSeconds)
  return {
    AlarmName: alarm.name,
    AlarmDescription: `DO NOT EDIT OR DELETE. For TargetTrackingScaling policy ${alarm.action}.`,
    ActionsEnabled: true,
    AlarmActions: [alarm.action],
    ...metricOf(configuration, target, alarm.periodSeconds),
    EvaluationPeriods: periods,
    DatapointsToAlarm: periods,
    Threshold: isHigh ? goal : goal * LOW_SHARE,
    ComparisonOperator: isHigh ? 'GreaterThanThreshold' : 'LessThanThreshold',
    TreatMissingData: countsAsNone(configuration) && !isHigh ? 'breaching' : 'missing',
  }
}

/** Whether a metric that is missing is a metric of 0. */
export const countsAsNone = (configuration: TargetTrackingScalingPolicyConfiguration): boolean =>
  configuration.PredefinedMetricSpecification !== undefined

/** TargetValue, for one period: invocations are meant per minute. */
export const goalOf = (configuration: TargetTrackingScalingPolicyConfiguration, periodSeconds: number): number =>
  countsAsNone(configuration) ? (configuration.TargetValue * periodSeconds) / MINUTE : configuration.TargetValue

function metricOf(
  { CustomizedMetricSpecification: customized }: TargetTrackingScalingPolicyConfiguration,
  { endpoint_name, variant_name }: Pick<ScalingTargetRow, 'endpoint_name' | 'variant_name'>,
  Period: number,
): Pick<PutMetricAlarmInput, 'Namespace' | 'MetricName' | 'Dimensions' | 'Statistic' | 'Unit' | 'Period' | 'Metrics'> {
  if (customized === undefined)
    return {
      Namespace: 'AWS/SageMaker',
      MetricName: 'InvocationsPerInstance',
      Dimensions: [
        { Name: 'EndpointName', Value: endpoint_name },
        { Name: 'VariantName', Value: variant_name },
      ],
      ...{ Statistic: 'Sum', Period },
    }
  const { Namespace, MetricName, Dimensions = [], Statistic, Unit, Metrics } = customized
  if (Metrics !== undefined) return { Metrics: Metrics.map((query) => alarmQuery(query, Period)) }
  return {
    Period,
    ...(Namespace !== undefined && { Namespace }),
    ...(MetricName !== undefined && { MetricName }),
    Dimensions,
    ...(Statistic !== undefined && { Statistic }),
    ...(Unit !== undefined && { Unit: Unit as NonNullable<PutMetricAlarmInput['Unit']> }),
  }
}

/** A metric or an expression over others, in the form of alarms. */
function alarmQuery({ MetricStat: stat, ...query }: TargetTrackingMetricDataQuery, Period: number): MetricDataQuery {
  if (stat === undefined) return query
  const { Metric, Stat, Unit } = stat
  const unit = Unit as NonNullable<MetricDataQuery['MetricStat']>['Unit']
  return { ...query, MetricStat: { Metric, Period, Stat, ...(unit !== undefined && { Unit: unit }) } }
}
