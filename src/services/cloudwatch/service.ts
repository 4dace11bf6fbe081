import type { CloudwatchOperation, CloudwatchOperations } from '../../model/generated/cloudwatch.ts'
import type { Operation, OperationTable } from '../operation.ts'
import { deleteAlarms } from './alarms/delete-alarms.ts'
import { describeAlarmHistory } from './alarms/describe-alarm-history.ts'
import { describeAlarms, describeAlarmsForMetric } from './alarms/describe-alarms.ts'
import { putMetricAlarm } from './alarms/put-metric-alarm.ts'
import { setAlarmState } from './alarms/set-alarm-state.ts'
import { switchActions } from './alarms/switch-actions.ts'
import type { CloudwatchDeps } from './cloudwatch-deps.ts'
import { getMetricData } from './metrics/get-metric-data.ts'
import { getMetricStatistics } from './metrics/get-metric-statistics.ts'
import { listMetrics } from './metrics/list-metrics.ts'
import { putMetricData } from './metrics/put-metric-data.ts'
import { listTagsForResource, tagResource, untagResource } from './tags/tag-operations.ts'

type CloudwatchTable = {
  readonly [Name in CloudwatchOperation]: Operation<
    CloudwatchOperations[Name]['input'],
    CloudwatchOperations[Name]['output']
  >
}

/** CloudWatch's metrics and alarms. */
export const createCloudwatchService = (deps: CloudwatchDeps): OperationTable =>
  ({
    DeleteAlarms: (input, context) => deleteAlarms(deps, input, context),
    DescribeAlarmHistory: (input, context) => describeAlarmHistory(deps, input, context),
    DescribeAlarms: (input, context) => describeAlarms(deps, input, context),
    DescribeAlarmsForMetric: (input, context) => describeAlarmsForMetric(deps, input, context),
    DisableAlarmActions: (input, context) => switchActions(deps, input, context, false),
    EnableAlarmActions: (input, context) => switchActions(deps, input, context, true),
    GetMetricData: (input, context) => getMetricData(deps, input, context),
    GetMetricStatistics: (input, context) => getMetricStatistics(deps, input, context),
    ListMetrics: (input, context) => listMetrics(deps, input, context),
    ListTagsForResource: (input, context) => listTagsForResource(deps, input, context),
    PutMetricAlarm: (input, context) => putMetricAlarm(deps, input, context),
    PutMetricData: (input, context) => putMetricData(deps, input, context),
    SetAlarmState: (input, context) => setAlarmState(deps, input, context),
    TagResource: (input, context) => tagResource(deps, input, context),
    UntagResource: (input, context) => untagResource(deps, input, context),
  }) satisfies CloudwatchTable
