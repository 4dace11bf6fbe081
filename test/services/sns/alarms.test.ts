import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AlarmEvent } from '../../../src/services/cloudwatch/facade.ts'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { startMessaging, type TestMessaging } from '../../support/messaging-service.ts'
import { ACCOUNT } from '../../support/s3-service.ts'

const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:alarms`
const signal = new AbortController().signal

const event = (account = ACCOUNT): AlarmEvent => ({
  account,
  region: 'us-east-1',
  alarmName: 'slow',
  alarmArn: `arn:aws:cloudwatch:us-east-1:${account}:alarm:slow`,
  newState: 'ALARM',
  oldState: 'OK',
  reason: 'Threshold Crossed',
  reasonData: undefined,
  at: Date.UTC(2026, 0, 15, 8),
  configuredAt: Date.UTC(2026, 0, 14, 8),
  settings: {
    AlarmName: 'slow',
    AlarmDescription: 'too slow',
    AlarmActions: [TOPIC],
    Namespace: 'AWS/SageMaker',
    MetricName: 'ModelLatency',
    Dimensions: [{ Name: 'EndpointName', Value: 'e' }],
    Statistic: 'Average',
    Period: 60,
    EvaluationPeriods: 2,
    Threshold: 1000,
    ComparisonOperator: 'GreaterThanThreshold',
  },
})

describe.each(testStores)('alarms that publish on $dialect', ({ create }) => {
  let messaging: TestMessaging

  beforeEach(async () => {
    messaging = await startMessaging(await create())
    await messaging.topics('CreateTopic', { Name: 'alarms' })
  })
  afterEach(() => messaging.stop())

  const setPolicy = (statement: object) =>
    messaging.topics('SetTopicAttributes', {
      TopicArn: TOPIC,
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    })
  const statement = { Effect: 'Allow', Action: 'sns:Publish', Resource: TOPIC }

  test('the message is as CloudWatch writes it', async () => {
    const { url, arn } = await messaging.makeQueue('inbox', TOPIC)
    await messaging.topics('Subscribe', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: arn })
    expect(messaging.sns.alarmActions.handles(TOPIC)).toBe(true)
    expect(messaging.sns.alarmActions.handles('arn:aws:autoscaling:us-east-1:1:scalingPolicy:x')).toBe(false)
    await messaging.sns.alarmActions.run(TOPIC, event(), signal)
    const [body = ''] = await eventually(async () => {
      const bodies = await messaging.drain(url)
      expect(bodies).toHaveLength(1)
      return bodies
    })
    const { Subject, Message } = JSON.parse(body) as { Subject: string; Message: string }
    expect(Subject).toBe('ALARM: "slow" in US East (N. Virginia)')
    expect(JSON.parse(Message)).toEqual({
      AlarmName: 'slow',
      AlarmDescription: 'too slow',
      AWSAccountId: ACCOUNT,
      AlarmConfigurationUpdatedTimestamp: '2026-01-14T08:00:00.000+0000',
      NewStateValue: 'ALARM',
      NewStateReason: 'Threshold Crossed',
      StateChangeTime: '2026-01-15T08:00:00.000+0000',
      Region: 'US East (N. Virginia)',
      AlarmArn: event().alarmArn,
      OldStateValue: 'OK',
      OKActions: [],
      AlarmActions: [TOPIC],
      InsufficientDataActions: [],
      Trigger: {
        MetricName: 'ModelLatency',
        Namespace: 'AWS/SageMaker',
        StatisticType: 'Statistic',
        Statistic: 'AVERAGE',
        Unit: null,
        Dimensions: [{ value: 'e', name: 'EndpointName' }],
        Period: 60,
        EvaluationPeriods: 2,
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: 1000,
        TreatMissingData: '',
        EvaluateLowSampleCountPercentile: '',
      },
    })
  })

  test("the topic's policy decides", async () => {
    const run = (of = event()) => messaging.sns.alarmActions.run(TOPIC, of, signal)
    const done = `Successfully executed action ${TOPIC}`
    const isDone = (of?: AlarmEvent) => eventually(async () => expect(await run(of)).toBe(done))
    const isRefused = (of?: AlarmEvent) =>
      eventually(() => expect(run(of)).rejects.toThrow('is not authorized to perform: SNS:Publish'))
    // A new topic is for the alarms of its own account.
    await isDone()
    await isRefused(event('222222222222'))
    await setPolicy({ ...statement, Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } })
    await isRefused()
    await setPolicy({ ...statement, Principal: { Service: 'cloudwatch.amazonaws.com' } })
    await isDone()
    const Condition = { ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:*:222222222222:alarm:*' } }
    await setPolicy({ ...statement, Principal: { Service: 'cloudwatch.amazonaws.com' }, Condition })
    await isRefused()
    await isDone(event('222222222222'))
    await setPolicy({ ...statement, Effect: 'Deny', Principal: '*' })
    await isRefused(event('222222222222'))
    await messaging.topics('DeleteTopic', { TopicArn: TOPIC })
    await expect(run()).rejects.toThrow()
  })
})
