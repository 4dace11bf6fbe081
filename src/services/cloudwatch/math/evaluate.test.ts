import { describe, expect, test } from 'vitest'
import { evaluate } from './evaluate.ts'
import { parseExpression } from './parse.ts'
import { isList, isSeries, type TimeSeries, type Value } from './values.ts'

const MINUTE = 60_000

/** One value a minute from the epoch on; undefined is none. */
const series = (label: string, ...values: readonly (number | undefined)[]): TimeSeries => ({
  label,
  period: 60,
  values: new Map(values.flatMap((value, index) => (value === undefined ? [] : [[index * MINUTE, value] as const]))),
})

const QUERIES: Readonly<Record<string, TimeSeries>> = {
  m1: series('m1', 1, 2, 3, 4),
  m2: series('m2', 10, undefined, 30, 40),
  errors: series('errors', 0, 5),
  none: series('none'),
}

const run = (expression: string): Value => {
  const scope = {
    start: 0,
    end: 4 * MINUTE,
    origin: 0,
    period: 60,
    budget: { left: 100_000 },
    find: (id: string) => (Object.hasOwn(QUERIES, id) ? QUERIES[id] : undefined),
    metrics: (part: string) => Object.values(QUERIES).filter(({ label }) => label.includes(part)),
  }
  return evaluate(parseExpression(expression), scope)
}

/** Values by minute, as they would be written by hand. */
const shown = (value: Value): unknown => {
  if (isList(value)) return value.map(shown)
  if (!isSeries(value)) return value
  return Array.from({ length: 4 }, (_, index) => value.values.get(index * MINUTE) ?? null)
}

test.each<[string, unknown]>([
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['2 ^ 3 ^ 2', 512],
  ['-2 ^ 2', -4],
  ['7 % 4 - -1', 4],
  ['1e3 / .5', 2000],
  ['m1 + 1', [2, 3, 4, 5]],
  ['m1 + m2', [11, null, 33, 44]],
  ['m2 / m1', [10, null, 10, 10]],
  ['100 * errors / m1', [0, 250, null, null]],
  ['m1 / 0', [null, null, null, null]],
  ['m1 > 2', [0, 0, 1, 1]],
  ['m1 >= 2 AND m1 < 4', [0, 1, 1, 0]],
  ['m1 == 1 || m1 == 4', [1, 0, 0, 1]],
  ['-m1', [-1, -2, -3, -4]],
  ['SUM([m1, m2])', [11, 2, 33, 44]],
  ['AVG([m1, m2])', [5.5, 2, 16.5, 22]],
  ['MIN([m1, m2])', [1, 2, 3, 4]],
  ['MAX([m1, m2])', [10, 2, 30, 40]],
  ['sum(METRICS("m"))', [11, 2, 33, 44]],
  ['SUM(METRICS())', [11, 7, 33, 44]],
  ['SUM(m1)', 10],
  ['AVG(m1)', 2.5],
  ['MAX(m1) - MIN(m1)', 3],
  ['STDDEV(m1)', Math.sqrt(1.25)],
  ['m1 - AVG(m1)', [-1.5, -0.5, 0.5, 1.5]],
  [
    '[m1, m2] * 2',
    [
      [2, 4, 6, 8],
      [20, null, 60, 80],
    ],
  ],
  [
    '[m1, m2] - [m2, m1]',
    [
      [-9, null, -27, -36],
      [9, null, 27, 36],
    ],
  ],
  ['FILL(m2, 0)', [10, 0, 30, 40]],
  ['FILL(m2, REPEAT)', [10, 10, 30, 40]],
  ['FILL(m2, LINEAR)', [10, 20, 30, 40]],
  ['FILL(m2, m1)', [10, 2, 30, 40]],
  ['FILL(none, 7)', [7, 7, 7, 7]],
  ['FILL(none, REPEAT)', [null, null, null, null]],
  [
    'FILL([m2, none], 0)',
    [
      [10, 0, 30, 40],
      [0, 0, 0, 0],
    ],
  ],
  ['DIFF(m2)', [null, null, 20, 10]],
  ['DIFF_TIME(m2)', [null, null, 120, 60]],
  ['RATE(m2)', [null, null, 20 / 120, 10 / 60]],
  ['RUNNING_SUM(m1)', [1, 3, 6, 10]],
  ['ABS(m1 - 3)', [2, 1, 0, 1]],
  ['CEIL(m1 / 2)', [1, 1, 2, 2]],
  ['FLOOR(m1 / 2)', [0, 1, 1, 2]],
  ['PERIOD(m1)', 60],
  ['m1 / PERIOD(m1)', [1 / 60, 2 / 60, 3 / 60, 4 / 60]],
  ['METRIC_COUNT(METRICS())', 4],
  ['TIME_SERIES(3)', [3, 3, 3, 3]],
  ['IF(m1 > 2, m2, 0)', [0, 0, 30, 40]],
  ['IF(m1 > 2, m2)', [null, null, 30, 40]],
  ['IF(1, m1, m2)', [1, 2, 3, 4]],
  ['IF(SUM(m1) > 100, m2, 0)', [0, null, 0, 0]],
  ['IF(SUM(m1) < 100, 7, m2)', [7, null, 7, 7]],
  ['IF(SUM(m1) > 100, m2)', [null, null, null, null]],
  ['IF(SUM(m1) > 100, 7, 8)', 8],
  ['FIRST([m2, m1])', [10, null, 30, 40]],
  ['LAST([m2, m1])', [1, 2, 3, 4]],
  [
    'SORT([m2, m1, none], MAX, ASC)',
    [
      [1, 2, 3, 4],
      [10, null, 30, 40],
    ],
  ],
  ['SORT([m1, m2], SUM, DESC, 1)', [[10, null, 30, 40]]],
  ['SLICE([m1, m2, none], 1, 2)', [[10, null, 30, 40]]],
  ['REMOVE_EMPTY([none, m1])', [[1, 2, 3, 4]]],
])('%s', (expression, expected) => {
  expect(shown(run(expression))).toEqual(expected)
})

describe('what makes no sense', () => {
  test.each<[string, string]>([
    ['1 +', 'unexpected the end'],
    ['(1', "unexpected the end instead of ')'"],
    ['1 2', 'unexpected 2'],
    ['m1 $ 2', 'unexpected character'],
    ["'text'", 'a text stands where a value should'],
    ['unknown + 1', 'unknown is not the id'],
    ['toString + 1', 'toString is not the id'],
    ['constructor(m1)', 'there is no function CONSTRUCTOR'],
    ['SUM()', 'SUM is given 0 arguments'],
    ['SUM(m1, m2)', 'SUM is given 2 arguments'],
    ['SUM(1)', 'SUM takes a time series'],
    ['FILL(m2, SOMETHING)', 'FILL takes'],
    ['ABS(nothing)', 'nothing is not the id'],
    ['[1, 2]', 'a list holds time series'],
    ['[m1, m2] + [m1]', 'brings 2 time series together with 1'],
    ['IF(m1, [m1, m2], 1)', 'IF takes numbers and single time series'],
    [`${'('.repeat(2_000)}1`, 'nested more than'],
    [`${'-'.repeat(2_000)}1`, 'nested more than'],
    [`${'ABS('.repeat(500)}1`, 'nested more than'],
    [`[${'m1,'.repeat(600)}m1]`, 'more than 500 time series'],
    ['METRICS(m1)', 'METRICS takes a text'],
  ])('%s', (expression, message) => {
    expect(() => run(expression)).toThrow(message)
  })

  test.each(['SEARCH("{app}", "Sum", 60)', 'ANOMALY_DETECTION_BAND(m1, 2)', 'HOUR(m1)'])(
    '%s is refused by name',
    (expression) => {
      expect(() => run(expression)).toThrow('is not implemented by Slipway')
    },
  )
})
