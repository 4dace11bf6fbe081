import type { CloudwatchOperation, CloudwatchOperations } from '../../model/generated/cloudwatch.ts'
import { formatArn } from '../../shared/arn.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'

type Inputs = { readonly [Name in CloudwatchOperation]: NeedsOf<CloudwatchOperations[Name]['input']> }

const alarm = (name: string, { account, region }: RequestContext): string =>
  formatArn({ service: 'cloudwatch', region, account, resource: `alarm:${name}` })

/** Metrics are no resources: what is about them is allowed on `*`. */
const onMetrics = (action: string) => (): readonly AccessNeed[] => [{ action: `cloudwatch:${action}`, resource: '*' }]

const onAlarms =
  (action: string) =>
  ({ AlarmNames }: { readonly AlarmNames: readonly string[] }, context: RequestContext): readonly AccessNeed[] =>
    AlarmNames.map((name) => ({ action: `cloudwatch:${action}`, resource: alarm(name, context) }))

const onArn =
  (action: string) =>
  ({ ResourceARN }: { readonly ResourceARN: string }): readonly AccessNeed[] => [
    { action: `cloudwatch:${action}`, resource: ResourceARN },
  ]

/** Source: the service authorization reference of Amazon CloudWatch. */
const table: Inputs = {
  DeleteAlarms: onAlarms('DeleteAlarms'),
  DescribeAlarmHistory: ({ AlarmName = '*' }, context) => [
    { action: 'cloudwatch:DescribeAlarmHistory', resource: alarm(AlarmName, context) },
  ],
  DescribeAlarms: (_input, context) => [{ action: 'cloudwatch:DescribeAlarms', resource: alarm('*', context) }],
  DescribeAlarmsForMetric: onMetrics('DescribeAlarmsForMetric'),
  DisableAlarmActions: onAlarms('DisableAlarmActions'),
  EnableAlarmActions: onAlarms('EnableAlarmActions'),
  GetMetricData: onMetrics('GetMetricData'),
  GetMetricStatistics: onMetrics('GetMetricStatistics'),
  ListMetrics: onMetrics('ListMetrics'),
  ListTagsForResource: onArn('ListTagsForResource'),
  PutMetricAlarm: ({ AlarmName, Tags = [], ...input }, context) => {
    const { OKActions = [], AlarmActions = [], InsufficientDataActions = [] } = input
    const actions = [...OKActions, ...AlarmActions, ...InsufficientDataActions]
    const resource = alarm(AlarmName, context)
    const put = { action: 'cloudwatch:PutMetricAlarm', resource, conditions: { 'cloudwatch:alarmactions': actions } }
    return Tags.length === 0 ? [put] : [put, { action: 'cloudwatch:TagResource', resource }]
  },
  PutMetricData: (input) => [
    {
      action: 'cloudwatch:PutMetricData',
      resource: '*',
      conditions: { 'cloudwatch:namespace': input.Namespace },
    },
  ],
  SetAlarmState: ({ AlarmName }, context) => [
    { action: 'cloudwatch:SetAlarmState', resource: alarm(AlarmName, context) },
  ],
  TagResource: onArn('TagResource'),
  UntagResource: onArn('UntagResource'),
}

export const cloudwatchAuthorization: AuthorizationTable = table
