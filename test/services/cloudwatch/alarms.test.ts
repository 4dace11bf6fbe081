import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PutMetricAlarmInput } from '../../../src/model/generated/cloudwatch.ts'
import { trimHistory } from '../../../src/services/cloudwatch/alarms/history-retention.ts'
import { AlarmActionRefused, type AlarmActions, type AlarmEvent } from '../../../src/services/cloudwatch/facade.ts'
import { statement } from '../../../src/storage/statement.ts'
import { MINUTE, NOON, startTestCloudwatch, type TestCloudwatch } from '../../support/cloudwatch-service.ts'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alerts'
const POLICY = 'arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:resource/sagemaker/endpoint/e:policyName/p'

describe.each(testStores)('alarms on $dialect', ({ create }) => {
  let cloudwatch: TestCloudwatch
  let taken: { arn: string; event: AlarmEvent }[]
  let attempt: (arn: string) => Promise<string>

  beforeEach(async () => {
    taken = []
    attempt = async (arn) => `Successfully executed action ${arn}`
    const actions: AlarmActions = {
      handles: (arn) => arn.startsWith('arn:aws:sns:') || arn.startsWith('arn:aws:autoscaling:'),
      run: async (arn, event) => {
        const said = await attempt(arn)
        taken.push({ arn, event })
        return said
      },
    }
    cloudwatch = await startTestCloudwatch(await create(), { flushSeconds: 1 }, [actions])
    cloudwatch.queue.start()
  })
  afterEach(() => cloudwatch.stop())

  const put = (changes: Partial<PutMetricAlarmInput> = {}) =>
    cloudwatch.call('PutMetricAlarm', {
      AlarmName: 'high',
      Namespace: 'app',
      MetricName: 'm',
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 10,
      ComparisonOperator: 'GreaterThanThreshold',
      ...changes,
    })
  const measure = (value: number, at = cloudwatch.now) =>
    cloudwatch.call('PutMetricData', {
      Namespace: 'app',
      MetricData: [{ MetricName: 'm', Value: value, Timestamp: at }],
    })
  const alarm = async (name = 'high') =>
    (await cloudwatch.call('DescribeAlarms', { AlarmNames: [name] })).MetricAlarms?.[0]
  const history = async (input: object = {}) =>
    (await cloudwatch.call('DescribeAlarmHistory', { ScanBy: 'TimestampAscending', ...input })).AlarmHistoryItems ?? []
  const summaries = async () => (await history()).map(({ HistorySummary }) => HistorySummary)
  /** Moves the clock on; the queue's own timers are real, so it is told to look. */
  const pass = async (milliseconds: number) => {
    cloudwatch.now += milliseconds
    await cloudwatch.database.commit([cloudwatch.queue.enqueue('nudge', String(cloudwatch.now))])
  }
  const becomes = (state: string, name = 'high') =>
    eventually(async () => {
      await cloudwatch.database.commit([cloudwatch.queue.enqueue('nudge', 'again')])
      expect((await alarm(name))?.StateValue).toBe(state)
    }, 10_000)

  test('an alarm goes where its metric goes, with a history and its actions', async () => {
    await put({ AlarmActions: [TOPIC], OKActions: [TOPIC], InsufficientDataActions: [] })
    expect(await alarm()).toMatchObject({
      AlarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:high',
      StateValue: 'INSUFFICIENT_DATA',
      ActionsEnabled: true,
      Dimensions: [],
      Threshold: 10,
      AlarmActions: [TOPIC],
    })
    await measure(11)
    await pass(MINUTE + 5_000)
    await becomes('ALARM')
    const told = await alarm()
    expect(told?.StateReason).toMatch(
      /^Threshold Crossed: 1 out of the last 1 datapoints \[11\.0 \(14\/11\/23 22:00:00\)\]/,
    )
    expect(JSON.parse(told?.StateReasonData ?? '')).toMatchObject({ statistic: 'Maximum', recentDatapoints: [11] })
    await eventually(async () => expect(taken).toHaveLength(1))
    expect(taken[0]).toMatchObject({
      arn: TOPIC,
      event: { alarmName: 'high', oldState: 'INSUFFICIENT_DATA', newState: 'ALARM', settings: { Threshold: 10 } },
    })
    await measure(1)
    await pass(MINUTE)
    await becomes('OK')
    await eventually(async () =>
      expect(await summaries()).toEqual([
        'Alarm "high" created',
        'Alarm updated from INSUFFICIENT_DATA to ALARM',
        `Successfully executed action ${TOPIC}`,
        'Alarm updated from ALARM to OK',
        `Successfully executed action ${TOPIC}`,
      ]),
    )
    // Nothing more is measured: once it has left the evaluation range, nothing is known.
    await pass(5 * MINUTE)
    await becomes('INSUFFICIENT_DATA')
    expect(await cloudwatch.database.query.selectFrom('cloudwatch_alarm_actions').selectAll().execute()).toEqual([])
  })

  test('an alarm without a change writes nothing', async () => {
    await put()
    await measure(1)
    await pass(MINUTE + 5_000)
    await becomes('OK')
    const before = await alarm()
    for (let minute = 0; minute < 3; minute++) {
      await measure(1)
      await pass(MINUTE)
    }
    await becomes('OK')
    expect(await alarm()).toEqual(before)
    expect(await summaries()).toHaveLength(2)
  })

  test('actions of kinds that nobody knows, and such as are refused, stand in the history by name', async () => {
    const other = 'arn:aws:swf:us-east-1:123456789012:action/actions/AWS_EC2.InstanceId.Stop/1.0'
    attempt = async () => {
      throw new AlarmActionRefused('there is no such topic')
    }
    await put({ AlarmActions: [other, TOPIC] })
    await cloudwatch.call('SetAlarmState', { AlarmName: 'high', StateValue: 'ALARM', StateReason: 'a test' })
    await eventually(async () => {
      const failed = (await summaries()).filter((summary) => summary?.startsWith('Failed'))
      expect(failed.sort()).toEqual([
        `Failed to execute action ${TOPIC}. Received error: "there is no such topic"`,
        `Failed to execute action ${other}. Received error: "Slipway knows no action of this kind: it is not implemented."`,
      ])
    })
    expect(taken).toEqual([])
  })

  test('an action that fails is tried again', async () => {
    let failures = 2
    attempt = async () => {
      if (failures-- > 0) throw new Error('away')
      return 'done at last'
    }
    await put({ AlarmActions: [TOPIC] })
    await cloudwatch.call('SetAlarmState', { AlarmName: 'high', StateValue: 'ALARM', StateReason: 'a test' })
    await eventually(async () => {
      await pass(2_000)
      expect(await summaries()).toContain('done at last')
    }, 10_000)
    expect(taken).toHaveLength(1)
  })

  test('scaling policies are told again while the state lasts, topics are not', async () => {
    await put({ AlarmActions: [TOPIC, POLICY] })
    await measure(20)
    await pass(MINUTE + 5_000)
    await becomes('ALARM')
    await eventually(async () => expect(taken).toHaveLength(2))
    for (let minute = 0; minute < 3; minute++) {
      await measure(20)
      await pass(MINUTE)
      await eventually(async () => {
        await cloudwatch.database.commit([cloudwatch.queue.enqueue('nudge', 'again')])
        expect(taken).toHaveLength(3 + minute)
      })
    }
    expect(taken.filter(({ arn }) => arn === TOPIC)).toHaveLength(1)
    expect(taken.at(-1)?.event).toMatchObject({ oldState: 'ALARM', newState: 'ALARM' })
  })

  test('switched off, actions are not taken; a state that is set holds until the alarm is looked at', async () => {
    await put({ AlarmActions: [TOPIC], ActionsEnabled: false })
    const set = (StateValue: 'ALARM' | 'OK', rest: object = {}) =>
      cloudwatch.call('SetAlarmState', { AlarmName: 'high', StateValue, StateReason: 'by hand', ...rest })
    await set('ALARM', { StateReasonData: '{"why":1}' })
    expect(await alarm()).toMatchObject({ StateValue: 'ALARM', StateReason: 'by hand', StateReasonData: '{"why":1}' })
    await set('OK')
    await cloudwatch.call('EnableAlarmActions', { AlarmNames: ['high', 'nobody'] })
    await set('ALARM')
    await eventually(async () => expect(taken).toHaveLength(1))
    await cloudwatch.call('DisableAlarmActions', { AlarmNames: ['high'] })
    expect((await alarm())?.ActionsEnabled).toBe(false)
    await pass(2 * MINUTE)
    await becomes('INSUFFICIENT_DATA')
    await expect(set('ALARM', { StateReasonData: '{' })).rejects.toMatchObject({ code: 'InvalidFormat' })
    await expect(
      cloudwatch.call('SetAlarmState', { AlarmName: 'nobody', StateValue: 'OK', StateReason: '' }),
    ).rejects.toMatchObject({ code: 'ResourceNotFound', message: 'Unknown Alarm: nobody' })
  })

  test('alarms on expressions and on percentiles', async () => {
    const metric = (Id: string, MetricName: string) => ({
      Id,
      ReturnData: false,
      MetricStat: { Metric: { Namespace: 'app', MetricName }, Period: 60, Stat: 'Sum' },
    })
    await put({
      AlarmName: 'rate',
      ...{ Namespace: undefined, MetricName: undefined, Statistic: undefined, Period: undefined },
      Metrics: [
        metric('errors', 'errors'),
        metric('all', 'all'),
        { Id: 'rate', Expression: '100 * FILL(errors, 0) / all' },
      ],
    })
    await put({ AlarmName: 'p90', Statistic: undefined, ExtendedStatistic: 'p90', Threshold: 5 })
    await cloudwatch.call('PutMetricData', {
      Namespace: 'app',
      MetricData: [
        { MetricName: 'all', Value: 100 },
        { MetricName: 'errors', Value: 11 },
        { MetricName: 'm', Values: [1, 9], Counts: [80, 20] },
      ],
    })
    await pass(MINUTE + 5_000)
    await becomes('ALARM', 'rate')
    await becomes('ALARM', 'p90')
    expect((await alarm('rate'))?.Metrics).toHaveLength(3)
    expect((await alarm('rate'))?.Dimensions).toBeUndefined()
  })

  const expression = (Expression: string, metrics: readonly string[] = ['a', 'b'], Period = 60) => ({
    ...{ Namespace: undefined, MetricName: undefined, Statistic: undefined, Period: undefined },
    Metrics: [
      ...metrics.map((MetricName) => ({
        ...{ Id: MetricName, ReturnData: false },
        MetricStat: { Metric: { Namespace: 'app', MetricName }, Period, Stat: 'Sum' },
      })),
      { Id: 'e', Expression },
    ],
  })

  test.each([
    ['a + zz', 'zz is not the id'],
    ['5', 'does not return a time series'],
    ['AVG(a)', 'does not return a time series'],
    ['RATE(a, 2, 3)', 'RATE is given 3 arguments'],
    ['[a, b]', 'returns several time series'],
    ['METRICS()', 'returns several time series'],
    ['NOTHING(a)', 'there is no function NOTHING'],
    ['SEARCH("x", "Sum", 60)', 'SEARCH'],
    ['SLICE(REMOVE_EMPTY([a, b]), 2)', 'finds no time series'],
    ['IF(SUM(a) > 100, 1, 0)', 'does not return a time series'],
  ])('an alarm on %s, which never comes to a time series, is refused', async (text, message) => {
    await expect(put(expression(text))).rejects.toThrow(message)
    expect(await alarm()).toBeUndefined()
  })

  test('expressions of alarms may look all their metrics up, and choose', async () => {
    for (const text of ['SUM(METRICS())', 'IF(AVG(a) > 5, b)', 'FIRST(SORT(REMOVE_EMPTY(METRICS()), MAX, DESC))'])
      await put(expression(text))
    await expect(put({ ...expression('TIME_SERIES(1)', []), AlarmName: 'alone' })).rejects.toThrow(
      'at least one metric',
    )
    await put({ AlarmName: 'odd', AlarmActions: ['arn:aws:automate:us-east-1:ec2:stop'] })
    await expect(put({ AlarmName: 'half\ud800' })).rejects.toThrow('AlarmName')
  })

  test.each([
    'IF(SUM(a) > 100, b/a, 0)',
    'IF(AVG(a) < 5, 0, b)',
    'FIRST(REMOVE_EMPTY([IF(a > 100, a)]))',
    'FIRST(REMOVE_EMPTY([a/(a-1)]))',
    'SLICE(REMOVE_EMPTY([a/(b-a)]), 0)',
    'FIRST(SORT([LOG(a-1)], MAX))',
    'REMOVE_EMPTY([IF(SUM(a) > 100, a), IF(SUM(a) <= 100, b)])',
  ])('an alarm on %s, which can come to a time series, is taken', async (text) => {
    await put(expression(text))
    expect(await alarm()).toBeDefined()
  })

  test('gaps of an alarm are filled where its periods lie, wherever in an hour that is', async () => {
    await put({ ...expression('FILL(a, 20)', ['a'], 300), TreatMissingData: 'notBreaching' })
    // Alarms look at the last whole minutes: here not at multiples of five.
    await pass(7 * MINUTE + 5_000)
    await becomes('ALARM')
  })

  test('an expression that comes to nothing with the data that there is has no datapoints', async () => {
    await put({ ...expression('FIRST(REMOVE_EMPTY(METRICS()))'), TreatMissingData: 'breaching' })
    await pass(MINUTE + 5_000)
    await becomes('ALARM')
  })

  test('few samples of a percentile leave the alarm as it is, when that is asked for', async () => {
    const changes = { Statistic: undefined, ExtendedStatistic: 'p90', EvaluateLowSampleCountPercentile: 'ignore' }
    await put({ ...changes, AlarmName: 'careful' })
    await put({ ...changes, AlarmName: 'bold', EvaluateLowSampleCountPercentile: 'evaluate' })
    await cloudwatch.call('PutMetricData', {
      Namespace: 'app',
      MetricData: [{ MetricName: 'm', Values: [20], Counts: [50] }],
    })
    await pass(MINUTE + 5_000)
    await becomes('ALARM', 'bold')
    expect((await alarm('careful'))?.StateValue).toBe('INSUFFICIENT_DATA')
  })

  test('an update keeps state and tags, a deletion the history', async () => {
    await put({ Tags: [{ Key: 'team', Value: 'ml' }] })
    await cloudwatch.call('SetAlarmState', { AlarmName: 'high', StateValue: 'ALARM', StateReason: 'x' })
    await put({ Threshold: 99, AlarmDescription: 'much', Tags: [{ Key: 'team', Value: 'other' }] })
    const arn = (await alarm())?.AlarmArn as string
    expect(await alarm()).toMatchObject({ Threshold: 99, AlarmDescription: 'much' })
    expect(await cloudwatch.call('ListTagsForResource', { ResourceARN: arn })).toEqual({
      Tags: [{ Key: 'team', Value: 'ml' }],
    })
    await cloudwatch.call('TagResource', { ResourceARN: arn, Tags: [{ Key: 'a', Value: '1' }] })
    await cloudwatch.call('UntagResource', { ResourceARN: arn, TagKeys: ['team', 'nothing'] })
    expect((await cloudwatch.call('ListTagsForResource', { ResourceARN: arn })).Tags).toEqual([
      { Key: 'a', Value: '1' },
    ])
    await expect(
      cloudwatch.call('TagResource', { ResourceARN: arn, Tags: [{ Key: 'aws:x', Value: '1' }] }),
    ).rejects.toMatchObject({ code: 'InvalidParameterValue' })
    await expect(cloudwatch.call('ListTagsForResource', { ResourceARN: `${arn}x` })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    })
    await cloudwatch.call('DeleteAlarms', { AlarmNames: ['high', 'nobody'] })
    expect(await alarm()).toBeUndefined()
    expect((await summaries()).at(-1)).toBe('Alarm "high" deleted')
    // Its work ends with it.
    await pass(2 * MINUTE)
    await eventually(async () =>
      expect(
        await cloudwatch.database.query
          .selectFrom('work_items')
          .select('key')
          .where('kind', '=', 'cloudwatch-alarm')
          .execute(),
      ).toEqual([]),
    )
  })

  test('alarms are found by name, prefix, state, action and metric, in pages', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `a${index}`)
    await Promise.all(names.map((name) => put({ AlarmName: name, ...(name === 'a3' && { OKActions: [TOPIC] }) })))
    await put({ AlarmName: 'A9/with:odd %_ ü', Dimensions: [{ Name: 'd', Value: 'v' }], Period: 300 })
    const described = async (input: object) =>
      ((await cloudwatch.call('DescribeAlarms', input)).MetricAlarms ?? []).map(({ AlarmName }) => AlarmName)
    expect(await described({ AlarmNamePrefix: 'a' })).toEqual(names)
    expect(await described({ AlarmNamePrefix: 'A9/with:odd %_ ü' })).toHaveLength(1)
    expect(await described({ AlarmNamePrefix: '%' })).toEqual([])
    expect(await described({ AlarmNames: ['a1', 'nobody'] })).toEqual(['a1'])
    expect(await described({ ActionPrefix: 'arn:aws:sns' })).toEqual(['a3'])
    expect(await described({ StateValue: 'ALARM' })).toEqual([])
    expect(await described({ AlarmTypes: ['CompositeAlarm'] })).toEqual([])
    const pages = []
    let NextToken: string | undefined
    do {
      const page = await cloudwatch.call('DescribeAlarms', { MaxRecords: 3, ...(NextToken && { NextToken }) })
      pages.push(page.MetricAlarms?.map(({ AlarmName }) => AlarmName))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    expect(pages).toEqual([
      ['A9/with:odd %_ ü', 'a0', 'a1'],
      ['a2', 'a3', 'a4'],
      ['a5', 'a6'],
    ])
    const metric = { Namespace: 'app', MetricName: 'm' }
    expect((await cloudwatch.call('DescribeAlarmsForMetric', metric)).MetricAlarms).toHaveLength(7)
    const odd = { ...metric, Dimensions: [{ Name: 'd', Value: 'v' }] }
    expect((await cloudwatch.call('DescribeAlarmsForMetric', odd)).MetricAlarms).toHaveLength(1)
    expect((await cloudwatch.call('DescribeAlarmsForMetric', { ...odd, Period: 60 })).MetricAlarms).toEqual([])
    await expect(described({ NextToken: 'x' })).rejects.toMatchObject({ code: 'InvalidNextToken' })
    await expect(described({ AlarmNames: ['a'], AlarmNamePrefix: 'a' })).rejects.toMatchObject({
      code: 'InvalidParameterCombination',
    })
  })

  test('history is found by time and type, in pages, and is not endless', async () => {
    await put({ TreatMissingData: 'ignore' })
    for (let round = 0; round < 4; round++) {
      cloudwatch.now += 1_000
      const StateValue = round % 2 === 0 ? 'ALARM' : 'OK'
      await cloudwatch.call('SetAlarmState', { AlarmName: 'high', StateValue, StateReason: String(round) })
    }
    expect(await history({ HistoryItemType: 'ConfigurationUpdate' })).toHaveLength(1)
    expect(await history({ StartDate: NOON + 3_000 })).toHaveLength(2)
    expect(await history({ EndDate: NOON })).toHaveLength(1)
    expect(await history({ AlarmName: 'nobody' })).toEqual([])
    const first = await cloudwatch.call('DescribeAlarmHistory', { MaxRecords: 3 })
    expect(first.AlarmHistoryItems?.map(({ Timestamp }) => (Number(Timestamp) - NOON) / 1000)).toEqual([4, 3, 2])
    const rest = await cloudwatch.call('DescribeAlarmHistory', { MaxRecords: 3, NextToken: first.NextToken! })
    expect(rest.AlarmHistoryItems).toHaveLength(2)
    expect(rest.NextToken).toBeUndefined()
    const data = JSON.parse(first.AlarmHistoryItems?.[0]?.HistoryData ?? '')
    expect(data).toMatchObject({ oldState: { stateValue: 'ALARM' }, newState: { stateValue: 'OK', stateReason: '3' } })
    const { database } = cloudwatch
    const item = await database.query
      .selectFrom('cloudwatch_alarm_history')
      .selectAll()
      .limit(1)
      .executeTakeFirstOrThrow()
    const many = Array.from({ length: 2_050 }, (_, index) => ({ ...item, id: `${item.id}-${index}` }))
    for (let at = 0; at < many.length; at += 410)
      await database.commit([
        statement(database.query.insertInto('cloudwatch_alarm_history').values(many.slice(at, at + 410))),
      ])
    const count = async () =>
      (await database.query.selectFrom('cloudwatch_alarm_history').select('id').execute()).length
    await trimHistory(database, cloudwatch.now)
    expect(await count()).toBe(2_000)
    await trimHistory(database, cloudwatch.now + 31 * 24 * 60 * MINUTE)
    expect(await count()).toBe(0)
  })

  test('many changes at once are all made, and the state changes once for each that changes it', async () => {
    await put()
    await Promise.all([
      ...Array.from({ length: 8 }, (_, index) => put({ Threshold: index })),
      ...Array.from({ length: 4 }, () =>
        cloudwatch.call('SetAlarmState', { AlarmName: 'high', StateValue: 'ALARM', StateReason: 'x' }).catch(() => {}),
      ),
    ])
    const items = await summaries()
    expect(items.filter((summary) => summary === 'Alarm "high" updated')).toHaveLength(8)
    // It may be looked at in between, which ends what was set: then it can be set once more, and never twice in a row.
    const set = items.filter((summary) => summary === 'Alarm updated from INSUFFICIENT_DATA to ALARM').length
    const ended = items.filter((summary) => summary === 'Alarm updated from ALARM to INSUFFICIENT_DATA').length
    expect(set).toBeGreaterThan(0)
    expect([0, 1]).toContain(set - ended)
  })

  test('whoever changes one alarm with many others gets through', async () => {
    await put()
    const ResourceARN = 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:high'
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await cloudwatch.call('SetAlarmState', { AlarmName: 'high', StateValue: 'ALARM', StateReason: `${index}` })
        await cloudwatch.call('TagResource', { ResourceARN, Tags: [{ Key: `k${index}`, Value: `${index}` }] })
      }),
    )
    expect((await cloudwatch.call('ListTagsForResource', { ResourceARN })).Tags).toHaveLength(40)
  }, 30_000)

  test('the facade makes, reads and removes alarms for other services', async () => {
    const owner = { account: '123456789012', region: 'us-east-1' }
    const { facade } = cloudwatch
    const target = { ...owner, namespace: 'AWS/SageMaker', name: 'Invocations', dimensions: { EndpointName: 'e' } }
    facade.record(target, 30, 'None')
    facade.record(target, { count: 3, sum: 60, minimum: 10, maximum: 30 }, 'None')
    await facade.flush()
    const query = { statistic: 'Sum', period: 60, start: NOON, end: NOON + MINUTE }
    expect(await facade.getStatistics(target, query)).toEqual([{ at: NOON, value: 90 }])
    const alarm: PutMetricAlarmInput = {
      AlarmName: 'TargetTracking-endpoint/e/variant/v-AlarmHigh-1',
      ...{ Namespace: target.namespace, MetricName: target.name, Statistic: 'Sum', Period: 60, EvaluationPeriods: 1 },
      Dimensions: [{ Name: 'EndpointName', Value: 'e' }],
      Threshold: 80,
      ComparisonOperator: 'GreaterThanThreshold',
      AlarmActions: [POLICY],
    }
    const changed = () => new Error('the alarm has changed')
    for (const wrong of [
      { Unit: 'x' as never },
      { Namespace: ':x' },
      { Dimensions: Array(31).fill({ Name: 'n', Value: 'v' }) },
    ])
      await expect(facade.alarmWrites(owner, { ...alarm, ...wrong }, changed)).rejects.toMatchObject({
        code: 'ValidationError',
      })
    await cloudwatch.database.commit(await facade.alarmWrites(owner, alarm, changed))
    const name = 'TargetTracking-endpoint/e/variant/v-AlarmHigh-1'
    await pass(MINUTE + 5_000)
    await becomes('ALARM', name)
    expect(await facade.alarmStates(owner, [name, 'nobody'])).toEqual(new Map([[name, 'ALARM']]))
    await eventually(async () => expect(taken.map(({ arn }) => arn)).toEqual([POLICY]))
    await facade.deleteAlarms(owner, [name, 'nobody'])
    expect(await facade.alarmStates(owner, [name])).toEqual(new Map())
  })
})
