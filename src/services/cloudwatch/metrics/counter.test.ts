import { expect, test } from 'vitest'
import { merge, ofStatisticSet, ofValue } from './aggregate.ts'
import { packBlock, unpackBlock } from './block-codec.ts'
import { Counter } from './counter.ts'
import { mergeHistograms, percentile } from './histogram.ts'
import { seriesOf } from './series.ts'

const owner = { account: '123456789012', region: 'eu-west-1' }
const series = seriesOf(owner, 'app', 'm', [])

test('a counter gives what was added since it was asked last', () => {
  const counter = new Counter(series, 'Count', false)
  expect(counter.drain()).toBeUndefined()
  for (const value of [1, 0, 3]) counter.add(value)
  expect(counter.drain()).toEqual({ count: 3, sum: 4, minimum: 0, maximum: 3, histogram: undefined })
  expect(counter.drain()).toBeUndefined()
  counter.add(2)
  counter.add(2)
  // Of equal values it is known how they are distributed.
  expect(percentile(counter.drain()?.histogram ?? [], 50, 2, 2)).toBe(2)
})

test('a counter with percentiles tells them within 2.5 %, whatever the range', () => {
  const counter = new Counter(series, 'Microseconds', true)
  const values = Array.from({ length: 10_000 }, (_, index) => 50 * 1.0015 ** index)
  for (const value of values) counter.add(value)
  const { histogram = [], minimum, maximum } = counter.drain() ?? { minimum: 0, maximum: 0 }
  expect(histogram.length / 2).toBeLessThanOrEqual(160)
  for (const percent of [60, 75, 90, 99, 99.9]) {
    const exact = values[Math.ceil((percent / 100) * values.length) - 1] as number
    expect(Math.abs(percentile(histogram, percent, minimum, maximum) / exact - 1)).toBeLessThan(0.025)
  }
  for (const odd of [0, 1e-9, 1e300]) counter.add(odd)
  expect(counter.drain()).toMatchObject({ count: 3, minimum: 0, maximum: 1e300 })
})

test('histograms are the same in whatever order they are merged', () => {
  const parts = [3, 0, 70, 0.5, 3.01, 1_000].map((value, index) => ofValue(value, index + 1))
  const forwards = parts.reduce(merge)
  const backwards = parts.toReversed().reduce(merge)
  expect(forwards.histogram).toEqual(backwards.histogram)
  expect(mergeHistograms(forwards.histogram ?? [], [])).toEqual(forwards.histogram)
  expect(merge(forwards, ofStatisticSet({ count: 2, sum: 3, minimum: 1, maximum: 2 })).histogram).toBeUndefined()
})

test('a block holds what was packed', () => {
  const at = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000)
  const points = [
    { at, width: 60, unit: 'Count', aggregate: ofValue(0.1, 3) },
    {
      at: at + 61_000,
      width: 1,
      unit: 'None',
      aggregate: ofStatisticSet({ count: 2, sum: 1e300, minimum: -5, maximum: 7 }),
    },
  ]
  expect(unpackBlock(at, packBlock(at, points))).toEqual(points)
})

test('a series is named by all of its parts and by nothing else', () => {
  const ids = [
    series,
    seriesOf({ ...owner, region: 'us-east-1' }, 'app', 'm', []),
    seriesOf(owner, 'app', 'm', [['a', 'b']]),
    seriesOf(owner, 'app', 'm', [['a', 'b","c']]),
    seriesOf(owner, 'appm', '', []),
  ].map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const [one, other] = [
    seriesOf(owner, 'app', 'm', [
      ['a', '1'],
      ['b', '2'],
    ]),
    seriesOf(owner, 'app', 'm', [
      ['b', '2'],
      ['a', '1'],
    ]),
  ]
  expect(one.id).toBe(other.id)
})
