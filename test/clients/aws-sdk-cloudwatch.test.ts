import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  InvalidParameterValueException,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  paginateListMetrics,
  ResourceNotFound,
  SetAlarmStateCommand,
  waitUntilAlarmExists,
} from '@aws-sdk/client-cloudwatch'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientConfig } from '../support/aws-sdk.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

const MINUTE = 60_000

let slipway: Slipway
let cloudwatch: CloudWatchClient

beforeAll(async () => {
  slipway = await startSlipway()
  cloudwatch = new CloudWatchClient(clientConfig(slipway))
})
afterAll(async () => {
  cloudwatch?.destroy()
  await slipway?.stop()
})

test('puts metrics, small and compressed, and reads them back', async () => {
  const now = new Date(Math.floor(Date.now() / MINUTE) * MINUTE)
  const data = [
    { MetricName: 'load', Value: 0.25, Timestamp: now },
    { MetricName: 'load', Values: [1, 2], Counts: [1, 2], Timestamp: now },
  ]
  await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'app', MetricData: data }))
  const { Datapoints, Label } = await cloudwatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'app',
      MetricName: 'load',
      StartTime: new Date(now.getTime() - 5 * MINUTE),
      EndTime: new Date(now.getTime() + MINUTE),
      Period: 60,
      Statistics: ['Sum', 'SampleCount'],
      ExtendedStatistics: ['p100'],
    }),
  )
  expect(Label).toBe('load')
  expect(Datapoints).toEqual([
    { Timestamp: now, Unit: 'None', Sum: 5.25, SampleCount: 4, ExtendedStatistics: { p100: 2 } },
  ])
  const many = Array.from({ length: 600 }, (_, index) => ({
    MetricName: `m${index}`,
    Dimensions: [{ Name: 'd', Value: 'v'.repeat(200) }],
    Value: index,
  }))
  await cloudwatch.send(new PutMetricDataCommand({ Namespace: 'many', MetricData: many }))
  const pages = []
  for await (const page of paginateListMetrics({ client: cloudwatch }, { Namespace: 'many' })) pages.push(page)
  expect(pages.map(({ Metrics }) => Metrics?.length)).toEqual([500, 100])
})

test('makes an alarm, waits for it, and reads what becomes of it', async () => {
  const AlarmName = 'high'
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      ...{ Namespace: 'app', MetricName: 'load', Statistic: 'Maximum', Period: 60, EvaluationPeriods: 1 },
      ...{ Threshold: 1.5, ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'ignore' },
    }),
  )
  await waitUntilAlarmExists({ client: cloudwatch, maxWaitTime: 10 }, { AlarmNames: [AlarmName] })
  await cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'a test' }))
  const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }))
  expect(MetricAlarms).toMatchObject([{ StateValue: 'ALARM', StateReason: 'a test', Threshold: 1.5 }])
  expect(MetricAlarms?.[0]?.StateTransitionedTimestamp).toBeInstanceOf(Date)
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(Date.now() - 10 * MINUTE),
      EndTime: new Date(Date.now() + MINUTE),
      MetricDataQueries: [
        { Id: 'm', MetricStat: { Metric: { Namespace: 'app', MetricName: 'load' }, Period: 60, Stat: 'Sum' } },
        { Id: 'e', Expression: 'm / 2' },
      ],
    }),
  )
  expect(MetricDataResults?.map(({ Values }) => Values)).toEqual([[5.25], [2.625]])
  const missing = cloudwatch.send(new SetAlarmStateCommand({ AlarmName: 'nobody', StateValue: 'OK', StateReason: 'x' }))
  await expect(missing).rejects.toBeInstanceOf(ResourceNotFound)
  await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [AlarmName] }))
})

test('errors have their classes', async () => {
  const refused = cloudwatch.send(new PutMetricDataCommand({ Namespace: 'AWS/EC2', MetricData: [] }))
  await expect(refused).rejects.toBeInstanceOf(InvalidParameterValueException)
  await expect(refused).rejects.toThrow('The value AWS/EC2 for parameter Namespace is invalid.')
})
