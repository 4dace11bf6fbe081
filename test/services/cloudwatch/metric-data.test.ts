import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { GetMetricDataInput, MetricDataQuery } from '../../../src/model/generated/cloudwatch.ts'
import { MINUTE, NOON, startTestCloudwatch, type TestCloudwatch } from '../../support/cloudwatch-service.ts'
import { testStores } from '../../support/databases.ts'

const stat = (Id: string, MetricName: string, changes: object = {}, rest: object = {}): MetricDataQuery => ({
  Id,
  MetricStat: { Metric: { Namespace: 'app', MetricName }, Period: 60, Stat: 'Sum', ...changes },
  ...rest,
})
const math = (Id: string, Expression: string, rest: object = {}): MetricDataQuery => ({ Id, Expression, ...rest })

const asking =
  (cloudwatch: () => TestCloudwatch) =>
  (queries: MetricDataQuery[], changes: Partial<GetMetricDataInput> = {}) =>
    cloudwatch().call('GetMetricData', {
      MetricDataQueries: queries,
      StartTime: NOON,
      EndTime: NOON + 10 * MINUTE,
      ScanBy: 'TimestampAscending',
      ...changes,
    })

describe.each(testStores)('metric data on $dialect', ({ create }) => {
  let cloudwatch: TestCloudwatch
  const get = asking(() => cloudwatch)

  beforeEach(async () => {
    cloudwatch = await startTestCloudwatch(await create())
    await cloudwatch.call('PutMetricData', {
      Namespace: 'app',
      MetricData: [1, 2, 3, 4].flatMap((value, minute) => [
        { MetricName: 'requests', Value: value * 10, Timestamp: NOON + minute * MINUTE },
        ...(minute === 1 ? [] : [{ MetricName: 'errors', Value: value, Timestamp: NOON + minute * MINUTE }]),
      ]),
    })
  })
  afterEach(() => cloudwatch.stop())

  test('metrics and expressions are answered in their order, those that are asked for', async () => {
    const { MetricDataResults: results } = await get([
      math('rate', '100 * errors / requests', { Label: 'percent' }),
      stat('requests', 'requests', {}, { ReturnData: false }),
      stat('errors', 'errors'),
      math('all', 'SUM(METRICS())'),
      stat('nothing', 'nothing'),
    ])
    expect(results?.map(({ Id, Label, Values, StatusCode }) => [Id, Label, Values, StatusCode])).toEqual([
      ['rate', 'percent', [10, 10, 10], 'Complete'],
      ['errors', 'errors', [1, 3, 4], 'Complete'],
      ['all', 'all', [11, 20, 33, 44], 'Complete'],
      ['nothing', 'nothing', [], 'Complete'],
    ])
    expect(results?.[1]?.Timestamps).toEqual([NOON, NOON + 2 * MINUTE, NOON + 3 * MINUTE])
  })

  test('periods are counted from the epoch, the newest first unless asked otherwise', async () => {
    const { MetricDataResults: results } = await get([stat('m', 'requests', { Period: 120, Stat: 'Average' })], {
      StartTime: NOON + 30_000,
      ScanBy: undefined,
    })
    expect(results?.[0]).toMatchObject({ Timestamps: [NOON + 2 * MINUTE, NOON], Values: [35, 15] })
  })

  test('pages hold as many values as are asked for, in whatever order', async () => {
    const queries = [stat('a', 'requests'), stat('none', 'none'), stat('b', 'errors')]
    for (const ScanBy of ['TimestampAscending', 'TimestampDescending'] as const)
      for (const MaxDatapoints of [1, 2, 3, 4, 7, 100]) {
        const whole = await get(queries, { ScanBy })
        const values = new Map<string, number[]>()
        let NextToken: string | undefined
        do {
          const page = await get(queries, { ScanBy, MaxDatapoints, ...(NextToken && { NextToken }) })
          const sizes = page.MetricDataResults?.map(({ Values }) => Values?.length ?? 0) ?? []
          expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(MaxDatapoints)
          for (const { Id, Values } of page.MetricDataResults ?? [])
            values.set(Id!, [...(values.get(Id!) ?? []), ...Values!])
          NextToken = page.NextToken
        } while (NextToken !== undefined)
        expect(Object.fromEntries(values)).toEqual(
          Object.fromEntries(whole.MetricDataResults!.map(({ Id, Values }) => [Id, Values])),
        )
      }
  })

  test('the same metric in several statistics, units and accounts', async () => {
    await cloudwatch.call('PutMetricData', {
      Namespace: 'app',
      MetricData: [{ MetricName: 'requests', Value: 5, Unit: 'Count', Timestamp: NOON }],
    })
    const ask = [
      stat('all', 'requests', { Stat: 'SampleCount' }),
      stat('counted', 'requests', { Unit: 'Count' }),
      stat('p90', 'requests', { Stat: 'p100', Period: 600 }),
    ]
    const { MetricDataResults: results } = await get(ask)
    expect(results?.map(({ Values }) => Values)).toEqual([[2, 1, 1, 1], [5], [40]])
    const other = await cloudwatch.call(
      'GetMetricData',
      { MetricDataQueries: ask, StartTime: NOON, EndTime: NOON + MINUTE },
      { account: '999999999999' },
    )
    expect(other.MetricDataResults?.flatMap(({ Values }) => Values)).toEqual([])
  })
})

describe('what is refused of metric data', () => {
  let cloudwatch: TestCloudwatch
  const get = asking(() => cloudwatch)

  beforeAll(async () => {
    cloudwatch = await startTestCloudwatch(await testStores[0]!.create())
  })
  afterAll(() => cloudwatch.stop())

  const chain = [
    stat('e0', 'm'),
    ...Array.from({ length: 400 }, (_, i) => math(`e${i + 1}`, `e${i} + e${Math.max(0, i - 1)}`)),
  ]
  test.each<[string, MetricDataQuery[], object, string, string]>([
    ['nothing to ask', [], {}, 'ValidationError', 'MetricDataQueries is required'],
    ['an id that is none', [stat('M1', 'm')], {}, 'ValidationError', 'not matching the expected pattern'],
    ['an id twice', [stat('m', 'm'), stat('m', 'n')], {}, 'ValidationError', 'must be unique'],
    ['neither metric nor expression', [{ Id: 'm' }], {}, 'ValidationError', 'either MetricStat or Expression'],
    ['a metric and an expression', [{ ...stat('m', 'm'), Expression: '1' }], {}, 'ValidationError', 'either'],
    ['nothing to return', [stat('m', 'm', {}, { ReturnData: false })], {}, 'ValidationError', 'ReturnData'],
    ['an unknown statistic', [stat('m', 'm', { Stat: 'Most' })], {}, 'ValidationError', 'Most'],
    ['a period of 7', [stat('m', 'm', { Period: 7 })], {}, 'InvalidParameterValue', 'Period'],
    ['a circle', [math('a', 'b + 1'), math('b', 'a + 1')], {}, 'ValidationError', 'uses itself'],
    ['an expression of itself', [math('a', 'a')], {}, 'ValidationError', 'uses itself'],
    ['a number', [math('a', '1 + 1')], {}, 'ValidationError', 'does not return a time series'],
    ['an unknown id', [math('a', 'b')], {}, 'ValidationError', "Error in expression 'a' [b]: b is not the id"],
    ['Metrics Insights', [math('a', 'SELECT AVG(x) FROM y')], {}, 'NotImplemented', 'Metrics Insights'],
    ['another account', [{ ...stat('m', 'm'), AccountId: '1' }], {}, 'NotImplemented', 'AccountId'],
    ['an end before the start', [stat('m', 'm')], { EndTime: NOON }, 'ValidationError', 'StartTime'],
    ['too large a page', [stat('m', 'm')], { MaxDatapoints: 100_801 }, 'ValidationError', 'MaxDatapoints'],
    ['501 queries', Array.from({ length: 501 }, (_, i) => stat(`m${i}`, 'm')), {}, 'ValidationError', '500'],
    ['a strange time zone', [stat('m', 'm')], { LabelOptions: { Timezone: 'Mars' } }, 'ValidationError', 'Mars'],
    ['a strange token', [stat('m', 'm')], { NextToken: 'abc' }, 'InvalidNextToken', 'invalid'],
    [
      'too much at once',
      Array.from({ length: 200 }, (_, i) => stat(`m${i}`, `m${i}`)),
      { StartTime: 0 },
      'ValidationError',
      'exceeds the limit of 2000000',
    ],
    [
      'more work than anybody waits for',
      [stat('m', 'm'), ...Array.from({ length: 100 }, (_, i) => math(`e${i}`, `SUM([${'FILL(m,1),'.repeat(99)}m])`))],
      { StartTime: NOON - 13 * 24 * 60 * MINUTE },
      'ValidationError',
      'too many values',
    ],
  ])('%s', async (_what, queries, changes, code, message) => {
    await expect(get(queries, changes)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  test('what is no number is no value', async () => {
    const { MetricDataResults: results } = await get([
      stat('none', 'none', {}, { ReturnData: false }),
      math('huge', 'TIME_SERIES(1e400)'),
      math('filled', 'FILL(none, AVG(none))'),
      math('chosen', 'IF(TIME_SERIES(1), 1e400, 0)'),
      math('scalar', 'IF(0, none)'),
    ])
    expect(results?.map(({ Values }) => Values)).toEqual([[], [], [], []])
  })

  test('expressions that use one another many times over take no longer for it', async () => {
    const { MetricDataResults: results } = await get(chain)
    expect(results).toHaveLength(401)
  })

  test('lists that double do not grow for ever', async () => {
    const doubling = [stat('l0', 'm'), ...Array.from({ length: 60 }, (_, i) => math(`l${i + 1}`, `[l${i}, l${i}]`))]
    await expect(get(doubling)).rejects.toThrow('more than 500 time series')
  })

  test('a range of all times is one of the times that are kept', async () => {
    const { MetricDataResults: results } = await get([stat('m', 'm', { Period: 3600 }), math('e', 'FILL(m, 0)')], {
      StartTime: 0,
      EndTime: 8e15,
    })
    expect(results?.[1]?.Values?.length).toBeLessThan(400)
  })
})
