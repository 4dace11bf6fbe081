import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type {
  GetMetricStatisticsInput,
  MetricDatum,
  PutMetricDataInput,
} from '../../../src/model/generated/cloudwatch.ts'
import { MINUTE, NOON, startTestCloudwatch, type TestCloudwatch } from '../../support/cloudwatch-service.ts'
import { testStores } from '../../support/databases.ts'

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const sqlite = testStores[0]!

const ASKED: GetMetricStatisticsInput = {
  Namespace: 'app',
  MetricName: 'm',
  StartTime: NOON - HOUR,
  EndTime: NOON + HOUR,
  Period: 60,
  Statistics: ['SampleCount', 'Sum', 'Minimum', 'Maximum', 'Average'],
}

describe.each(testStores)('metrics on $dialect', ({ create }) => {
  let cloudwatch: TestCloudwatch

  beforeEach(async () => {
    cloudwatch = await startTestCloudwatch(await create(), { maxSeries: 1_200 })
  })
  afterEach(() => cloudwatch.stop())

  const put = (datum: Partial<MetricDatum>, namespace = 'app') =>
    cloudwatch.call('PutMetricData', { Namespace: namespace, MetricData: [{ MetricName: 'm', ...datum }] })
  const statistics = (changes: object = {}) => cloudwatch.call('GetMetricStatistics', { ...ASKED, ...changes })
  const datapoints = async (changes: object = {}) =>
    ((await statistics(changes)).Datapoints ?? []).toSorted((a, b) => Number(a.Timestamp) - Number(b.Timestamp))

  test('values of a minute make one datapoint, before and after they are compacted', async () => {
    await put({ Value: 1, Timestamp: NOON })
    await put({ Value: 5, Timestamp: NOON + 59_999 })
    await put({ Values: [2, 4], Counts: [3, 1], Timestamp: NOON + 1 })
    await put({ StatisticValues: { SampleCount: 2, Sum: 20, Minimum: 9, Maximum: 11 }, Timestamp: NOON + MINUTE })
    const expected = [
      { Timestamp: NOON, Unit: 'None', SampleCount: 6, Sum: 16, Minimum: 1, Maximum: 5, Average: 16 / 6 },
      { Timestamp: NOON + MINUTE, Unit: 'None', SampleCount: 2, Sum: 20, Minimum: 9, Maximum: 11, Average: 10 },
    ]
    expect(await datapoints()).toEqual(expected)
    cloudwatch.now += 3 * MINUTE
    await cloudwatch.compact()
    expect(await datapoints()).toEqual(expected)
    expect(await cloudwatch.database.query.selectFrom('cloudwatch_points').select('at').execute()).toEqual([])
    // What comes late joins what is in its block.
    await put({ Value: 0, Timestamp: NOON })
    expect((await datapoints())[0]).toMatchObject({ SampleCount: 7, Minimum: 0 })
    cloudwatch.now += 3 * MINUTE
    await cloudwatch.compact()
    expect((await datapoints())[0]).toMatchObject({ SampleCount: 7, Minimum: 0, Sum: 16 })
  })

  test('periods are counted from the start', async () => {
    for (const minute of [0, 1, 2, 3]) await put({ Value: minute, Timestamp: NOON + minute * MINUTE })
    const two = await datapoints({ StartTime: NOON - 3 * MINUTE + 5_000, Period: 120, Statistics: ['Sum'] })
    expect(two.map(({ Timestamp, Sum }) => [(Number(Timestamp) - NOON) / MINUTE, Sum])).toEqual([
      [-1, 0],
      [1, 3],
      [3, 3],
    ])
    expect(await datapoints({ StartTime: NOON, EndTime: NOON + MINUTE })).toHaveLength(1)
    // A day of minutes is not one too many for beginning in the middle of one.
    expect(await datapoints({ StartTime: NOON - DAY + 30_500, EndTime: NOON + 30_500 })).toHaveLength(1)
  })

  test('percentiles are within 2.5 %, and of statistic sets there are none', async () => {
    const Values = Array.from({ length: 100 }, (_, index) => (index + 1) * 10)
    await put({ Values })
    await put({ Values: [0, 0.001], Timestamp: NOON + MINUTE })
    await put({ StatisticValues: { SampleCount: 2, Sum: 3, Minimum: 1, Maximum: 2 }, Timestamp: NOON + 2 * MINUTE })
    await put({ StatisticValues: { SampleCount: 3, Sum: 6, Minimum: 2, Maximum: 2 }, Timestamp: NOON + 3 * MINUTE })
    await put({ Values: [-1, 1], Timestamp: NOON + 4 * MINUTE })
    const ask = { Statistics: undefined, ExtendedStatistics: ['p0', 'p50', 'p99', 'p99.9', 'p100'] }
    const [first, second, third, fourth, fifth] = await datapoints(ask)
    const found = first?.ExtendedStatistics ?? {}
    expect(found.p0).toBe(10)
    expect(Math.abs(Number(found.p50) / 500 - 1)).toBeLessThan(0.025)
    expect(Math.abs(Number(found.p99) / 990 - 1)).toBeLessThan(0.025)
    expect(Math.abs(Number(found['p99.9']) / 1000 - 1)).toBeLessThan(0.025)
    expect(found.p100).toBe(1000)
    expect(second?.ExtendedStatistics).toMatchObject({ p0: 0, p50: 0, p100: 0.001 })
    expect(third?.ExtendedStatistics).toBeUndefined()
    expect(fourth?.ExtendedStatistics).toMatchObject({ p50: 2 })
    expect(fifth?.ExtendedStatistics).toBeUndefined()
  })

  test('values of different units are different datapoints', async () => {
    await put({ Value: 1, Unit: 'Seconds' })
    await put({ Value: 2, Unit: 'Count' })
    expect((await datapoints()).map(({ Unit }) => Unit).sort()).toEqual(['Count', 'Seconds'])
    expect(await datapoints({ Unit: 'Seconds' })).toMatchObject([{ Sum: 1 }])
    expect(await datapoints({ Unit: 'Bytes' })).toEqual([])
  })

  test('dimensions name another metric, in whatever order they come', async () => {
    const [a, b] = [
      { Name: 'a', Value: '1' },
      { Name: 'b', Value: '2' },
    ]
    await put({ Value: 1, Dimensions: [a, b] })
    await put({ Value: 2, Dimensions: [b, a] })
    await put({ Value: 4, Dimensions: [a] })
    expect(await datapoints({ Dimensions: [b, a] })).toMatchObject([{ Sum: 3 }])
    expect(await datapoints({ Dimensions: [a] })).toMatchObject([{ Sum: 4 }])
    expect(await datapoints()).toEqual([])
    const other = await cloudwatch.call('ListMetrics', {}, { account: '999999999999' })
    expect(other.Metrics).toEqual([])
  })

  test('seconds are kept for three hours, then minutes', async () => {
    for (const second of [0, 1, 61]) await put({ Value: second, Timestamp: NOON + second * 1000, StorageResolution: 1 })
    const seconds = { Period: 1, StartTime: NOON, EndTime: NOON + 100_000, Statistics: ['Sum'] }
    expect(await datapoints(seconds)).toHaveLength(3)
    cloudwatch.now += 10 * MINUTE
    await cloudwatch.compact()
    expect(await datapoints(seconds)).toHaveLength(3)
    expect(await datapoints({ Statistics: ['Sum'] })).toMatchObject([{ Sum: 1 }, { Sum: 61 }])
    cloudwatch.now += 5 * HOUR
    await cloudwatch.compact()
    expect(await datapoints({ Statistics: ['Sum'] })).toMatchObject([{ Sum: 1 }, { Sum: 61 }])
    await expect(datapoints(seconds)).rejects.toThrow('multiple of 60')
    const fine = await cloudwatch.database.query.selectFrom('cloudwatch_blocks').select('fine').execute()
    expect(fine).toEqual([{ fine: 0 }])
  })

  test('a metric takes a block an hour, and nothing of it is left after fifteen days', async () => {
    const noise = Array.from({ length: 150 }, (_, index) => 1_000 * 1.09 ** index)
    for (let minute = 0; minute < 180; minute++) await put({ Values: noise, Timestamp: NOON - minute * MINUTE })
    cloudwatch.now += 3 * MINUTE
    await cloudwatch.compact()
    const blocks = await cloudwatch.database.query.selectFrom('cloudwatch_blocks').select('data').execute()
    expect(blocks.length).toBeLessThanOrEqual(4)
    // The widest distribution a minute can have, for every minute of the hour.
    for (const { data } of blocks) expect(data.length).toBeLessThan(100_000)
    cloudwatch.now += 15 * DAY + 2 * HOUR
    await cloudwatch.compact()
    for (const table of ['cloudwatch_blocks', 'cloudwatch_points', 'cloudwatch_series', 'cloudwatch_totals'] as const)
      expect(await cloudwatch.database.query.selectFrom(table).selectAll().execute(), table).toEqual([])
  })

  test('writers and compactions at once lose nothing and count nothing twice', async () => {
    for (let round = 0; round < 5; round++) {
      await Promise.all([
        ...Array.from({ length: 20 }, () => put({ Value: 1, Timestamp: NOON })),
        cloudwatch.compact().catch(() => {}),
        cloudwatch.compact().catch(() => {}),
      ])
      cloudwatch.now += 3 * MINUTE
      const readers = Array.from({ length: 4 }, () => datapoints({ Statistics: ['Sum'] }))
      await Promise.allSettled([cloudwatch.compact(), cloudwatch.compact()])
      for (const read of await Promise.all(readers)) expect(read).toMatchObject([{ Sum: 20 * (round + 1) }])
    }
    expect(await datapoints()).toMatchObject([{ Sum: 100, SampleCount: 100 }])
  })

  test('lists metrics by namespace, name and dimensions, in pages', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({
      MetricName: index % 2 === 0 ? 'even' : 'odd',
      Dimensions: [
        { Name: 'n', Value: String(index).padStart(4, '0') },
        ...(index < 600 ? [{ Name: 'low', Value: 'yes' }] : []),
      ],
      Value: 1,
    }))
    await cloudwatch.call('PutMetricData', { Namespace: 'app', MetricData: many })
    await put({ Value: 1 }, 'other')
    const all = async (input: object) => {
      const found = []
      const pages = []
      let NextToken: string | undefined
      do {
        const page = await cloudwatch.call('ListMetrics', { ...input, ...(NextToken && { NextToken }) })
        pages.push(page.Metrics?.length)
        found.push(...(page.Metrics ?? []))
        NextToken = page.NextToken
      } while (NextToken !== undefined)
      expect(new Set(found.map((one) => JSON.stringify(one))).size).toBe(found.length)
      return pages
    }
    expect(await all({})).toEqual([500, 500, 1])
    expect(await all({ Namespace: 'app' })).toEqual([500, 500])
    expect(await all({ Namespace: 'app', MetricName: 'odd' })).toEqual([500])
    expect(await all({ Dimensions: [{ Name: 'low' }] })).toEqual([500, 100])
    expect(await all({ Dimensions: [{ Name: 'low', Value: 'no' }] })).toEqual([0])
    expect(await all({ Dimensions: [{ Name: 'low' }, { Name: 'n', Value: '0003' }] })).toEqual([1])
    cloudwatch.now += 4 * HOUR
    await put({ Value: 1 }, 'fresh')
    expect(await all({ RecentlyActive: 'PT3H' })).toEqual([1])
    await expect(cloudwatch.call('ListMetrics', { NextToken: 'bm90aGluZw' })).rejects.toMatchObject({
      code: 'InvalidNextToken',
    })
    // The account's limit is 1,200: what exists goes on, what would be new is refused as a whole.
    const more = Array.from({ length: 250 }, (_, index) => ({ MetricName: `x${index}`, Value: 1 }))
    await expect(cloudwatch.call('PutMetricData', { Namespace: 'app', MetricData: more })).rejects.toMatchObject({
      code: 'LimitExceeded',
    })
    expect(await all({ Namespace: 'app', RecentlyActive: 'PT3H' })).toEqual([0])
    await cloudwatch.call('PutMetricData', { Namespace: 'app', MetricData: many })
    await expect(
      cloudwatch.call('PutMetricData', { Namespace: 'app', MetricData: more }, { account: '999999999999' }),
    ).resolves.toBeUndefined()
  })
})

describe('what is refused', () => {
  let cloudwatch: TestCloudwatch

  beforeAll(async () => {
    cloudwatch = await startTestCloudwatch(await sqlite.create())
  })
  afterAll(() => cloudwatch.stop())

  const dimension = (Name: string, Value = 'v') => ({ Name, Value })
  test.each<[string, Partial<PutMetricDataInput>, string, string]>([
    ['no data', {}, 'MissingParameter', 'The parameter MetricData is required.'],
    ['an empty list of data', { MetricData: [] }, 'MissingParameter', 'The parameter MetricData is required.'],
    ["AWS's own namespace", { Namespace: 'AWS/EC2', MetricData: [] }, 'InvalidParameterValue', 'AWS/EC2'],
    [
      'control characters in a namespace',
      { Namespace: 'a\u0001', ...data({ Value: 1 }) },
      'InvalidParameterValue',
      'a\u0001',
    ],
    [
      'a blank namespace',
      { Namespace: '  ', ...data({ Value: 1 }) },
      'InvalidParameterValue',
      'for parameter Namespace',
    ],
    [
      'a namespace that is no text',
      { Namespace: 'a\ud800', ...data({ Value: 1 }) },
      'InvalidParameterValue',
      'Namespace',
    ],
    [
      'control characters in a name',
      data({ MetricName: 'a\u0000', Value: 1 }),
      'InvalidParameterValue',
      '1.MetricName',
    ],
    ['a blank name', data({ MetricName: ' ', Value: 1 }), 'InvalidParameterValue', '1.MetricName'],
    ['a namespace with a colon first', { Namespace: ':x', MetricData: [] }, 'ValidationError', "at 'namespace'"],
    ['a value and values', data({ Value: 1, Values: [1] }), 'InvalidParameterCombination', 'mutually exclusive'],
    ['no value', data({}), 'MissingParameter', 'At least one of'],
    ['not a number', data({ Value: Number.NaN }), 'InvalidParameterValue', 'The value NaN for parameter MetricData'],
    ['infinity', data({ Value: Number.POSITIVE_INFINITY }), 'InvalidParameterValue', 'Infinity'],
    ['a huge value', data({ Value: 2 ** 361 }), 'InvalidParameterValue', 'is invalid'],
    ['151 values', data({ Values: Array(151).fill(1) }), 'InvalidParameterValue', '150'],
    ['counts that do not fit', data({ Values: [1, 2], Counts: [1] }), 'InvalidParameterValue', 'same size'],
    ['counts without values', data({ Value: 1, Counts: [1] }), 'InvalidParameterCombination', 'Counts'],
    ['a count of zero', data({ Values: [1], Counts: [0] }), 'InvalidParameterValue', 'Counts.member.1'],
    [
      'a set that is upside down',
      data({ StatisticValues: { SampleCount: 1, Sum: 1, Minimum: 2, Maximum: 1 } }),
      'InvalidParameterValue',
      'Maximum must be greater',
    ],
    [
      'a set of nothing',
      data({ StatisticValues: { SampleCount: 0, Sum: 1, Minimum: 1, Maximum: 1 } }),
      'InvalidParameterValue',
      'SampleCount',
    ],
    ['a time too early', data({ Value: 1, Timestamp: NOON - 15 * DAY }), 'InvalidParameterValue', 'two weeks'],
    ['a time too late', data({ Value: 1, Timestamp: NOON + 3 * HOUR }), 'InvalidParameterValue', 'two hours'],
    ['a resolution of 5', data({ Value: 1, StorageResolution: 5 }), 'InvalidParameterValue', 'StorageResolution'],
    ['an unknown unit', data({ Value: 1, Unit: 'Miles' as never }), 'ValidationError', 'enum value set'],
    [
      '31 dimensions',
      data({ Value: 1, Dimensions: Array.from({ length: 31 }, (_, i) => dimension(`d${i}`)) }),
      'ValidationError',
      'less than or equal to 30',
    ],
    [
      'a dimension twice',
      data({ Value: 1, Dimensions: [dimension('a'), dimension('a', 'w')] }),
      'InvalidParameterValue',
      'more than once',
    ],
    [
      'a dimension with a colon first',
      data({ Value: 1, Dimensions: [dimension(':a')] }),
      'InvalidParameterValue',
      ':a',
    ],
    ['a blank dimension', data({ Value: 1, Dimensions: [dimension('a', ' ')] }), 'InvalidParameterValue', 'Value'],
    [
      'a dimension that is not ASCII',
      data({ Value: 1, Dimensions: [dimension('a', 'ü')] }),
      'InvalidParameterValue',
      'ü',
    ],
    ['1,001 data', { MetricData: Array(1_001).fill({ MetricName: 'm', Value: 1 }) }, 'InvalidParameterValue', '1000'],
    ['entities', { EntityMetricData: [] }, 'NotImplemented', 'EntityMetricData'],
  ])('refuses %s', async (_what, input, code, message) => {
    const call = cloudwatch.call('PutMetricData', { Namespace: 'app', ...input })
    await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    expect((await cloudwatch.call('ListMetrics', {})).Metrics).toEqual([])
  })

  test.each([
    ['no statistic', { Statistics: undefined }, 'MissingParameter', 'Must specify either'],
    [
      'a percentile above 100',
      { Statistics: undefined, ExtendedStatistics: ['p101'] },
      'InvalidParameterValue',
      'p101',
    ],
    [
      'a percentile that is none',
      { Statistics: undefined, ExtendedStatistics: ['P99'] },
      'InvalidParameterValue',
      'P99',
    ],
    [
      'an average as a percentile',
      { Statistics: undefined, ExtendedStatistics: ['Sum'] },
      'InvalidParameterValue',
      'Sum',
    ],
    ['a trimmed mean', { Statistics: undefined, ExtendedStatistics: ['tm90'] }, 'NotImplemented', 'tm90'],
    ['a period of 7 seconds', { Period: 7 }, 'InvalidParameterValue', 'Period'],
    ['an end before the start', { EndTime: NOON - 2 * HOUR }, 'InvalidParameterCombination', 'StartTime'],
    [
      'too many datapoints',
      { StartTime: NOON - 2 * DAY },
      'InvalidParameterCombination',
      'datapoints, which exceeds the limit of 1440',
    ],
    ['a period of zero', { Period: 0 }, 'ValidationError', "at 'period'"],
  ])('refuses to tell statistics for %s', async (_what, changes, code, message) => {
    const call = cloudwatch.call('GetMetricStatistics', { ...ASKED, ...changes })
    await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })
})

function data(datum: Partial<MetricDatum>): Partial<PutMetricDataInput> {
  return { MetricData: [{ MetricName: 'm', ...datum }] }
}
