import { describe, expect, test } from 'vitest'
import { readAlarmSettings, type Treatment } from './alarm-settings.ts'
import { type Datapoint, judge } from './judge.ts'
import { stateReason } from './state-reason.ts'

const MINUTE = 60_000
const NOON = Date.UTC(2026, 0, 2, 12)

/** `0` is within the threshold, `X` beyond it, `-` missing; oldest first. */
const datapoints = (text: string): Datapoint[] =>
  text.split(' ').map((letter, index) => ({
    at: NOON + index * MINUTE,
    value: letter === '-' ? undefined : letter === 'X' ? 20 : 0,
  }))

const TREATMENTS: readonly Treatment[] = ['missing', 'ignore', 'breaching', 'notBreaching']

const settings = (changes: object = {}) =>
  readAlarmSettings(
    { account: '123456789012', region: 'us-east-1' },
    {
      AlarmName: 'a',
      Namespace: 'app',
      MetricName: 'm',
      Statistic: 'Average',
      Period: 60,
      EvaluationPeriods: 3,
      Threshold: 10,
      ComparisonOperator: 'GreaterThanThreshold',
      ...changes,
    },
    false,
  )

const RETAIN = undefined

/** The tables of "Configuring how CloudWatch alarms treat missing data", row by row. */
describe.each([
  [
    3,
    [
      ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
      ['- - - - 0', ['OK', 'OK', 'OK', 'OK']],
      ['- - - - -', ['INSUFFICIENT_DATA', RETAIN, 'ALARM', 'OK']],
      ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
      ['- - X - -', ['ALARM', RETAIN, 'ALARM', 'OK']],
      // The section on premature transitions, below the tables.
      ['- - - - X', ['OK', 'OK', 'ALARM', 'OK']],
      ['- - - X -', ['OK', 'OK', 'ALARM', 'OK']],
      ['- - - X 0', ['OK', 'OK', 'OK', 'OK']],
      ['- - X - 0', ['OK', 'OK', 'OK', 'OK']],
    ],
  ],
  [
    2,
    [
      ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
      ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
      ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
      ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
      ['- - - X -', ['ALARM', RETAIN, 'ALARM', 'OK']],
      ['- - - - -', ['INSUFFICIENT_DATA', RETAIN, 'ALARM', 'OK']],
      ['X X 0 0 0', ['OK', 'OK', 'OK', 'OK']],
      ['- - - X X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ],
  ],
] as const)('with %i of 3 datapoints to alarm', (datapointsToAlarm, rows) => {
  test.each(rows.flatMap(([text, states]) => states.map((state, index) => [text, TREATMENTS[index]!, state] as const)))(
    '%s, missing data treated as %s, is %s',
    (text, treatment, state) => {
      const rule = settings({ DatapointsToAlarm: datapointsToAlarm, TreatMissingData: treatment })
      expect(judge(datapoints(text), rule).state).toBe(state)
    },
  )
})

test.each([
  ['GreaterThanThreshold', 10, 'OK'],
  ['GreaterThanThreshold', 10.1, 'ALARM'],
  ['GreaterThanOrEqualToThreshold', 10, 'ALARM'],
  ['GreaterThanOrEqualToThreshold', 9.9, 'OK'],
  ['LessThanThreshold', 10, 'OK'],
  ['LessThanThreshold', 9.9, 'ALARM'],
  ['LessThanOrEqualToThreshold', 10, 'ALARM'],
  ['LessThanOrEqualToThreshold', 10.1, 'OK'],
])('%s compares %d with 10: %s', (comparison, value, state) => {
  const rule = settings({ EvaluationPeriods: 1, ComparisonOperator: comparison })
  expect(judge([{ at: NOON, value }], rule).state).toBe(state)
})

test.each([
  [
    'X X X',
    {},
    'OK',
    'Threshold Crossed: 3 out of the last 3 datapoints [20.0 (02/01/26 12:02:00), 20.0 (02/01/26 12:01:00), 20.0 (02/01/26 12:00:00)] were greater than the threshold (10.0) (minimum 3 datapoints for OK -> ALARM transition).',
  ],
  [
    '0',
    { EvaluationPeriods: 1 },
    'ALARM',
    'Threshold Crossed: 1 out of the last 1 datapoints [0.0 (02/01/26 12:00:00)] was not greater than the threshold (10.0) (minimum 1 datapoint for ALARM -> OK transition).',
  ],
  ['- - -', {}, 'OK', 'Insufficient Data: 3 datapoints were unknown.'],
  [
    '-',
    { EvaluationPeriods: 1, TreatMissingData: 'breaching' },
    'OK',
    'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].',
  ],
])('the reason of %s', (text, changes, previous, reason) => {
  const rule = settings(changes)
  const verdict = judge(datapoints(text), rule)
  const found = stateReason(verdict.state ?? 'OK', previous as 'OK', verdict, rule, NOON)
  expect(found.text).toBe(reason)
  expect(JSON.parse(found.data)).toMatchObject({ version: '1.0', period: 60, threshold: 10, statistic: 'Average' })
})

test('a reason fits in its members, however many datapoints there are', () => {
  const rule = settings({ EvaluationPeriods: 1440, Threshold: 1e-7 })
  const long = Array.from({ length: 1442 }, (_, index) => ({ at: NOON + index * MINUTE, value: Math.PI * 1e15 }))
  const verdict = judge(long, rule)
  const { text, data } = stateReason('ALARM', 'INSUFFICIENT_DATA', verdict, rule, NOON)
  expect(text.length).toBeLessThanOrEqual(1023)
  expect(data.length).toBeLessThanOrEqual(4000)
})

test.each<[string, object, string, string]>([
  ['no metric', { MetricName: undefined }, 'ValidationError', 'The parameter MetricName is required.'],
  ['no threshold', { Threshold: undefined }, 'ValidationError', 'The parameter Threshold is required.'],
  ['a threshold that is no number', { Threshold: Number.NaN }, 'ValidationError', 'NaN'],
  ['two statistics', { ExtendedStatistic: 'p99' }, 'ValidationError', 'Exactly one of'],
  ['an unknown percentile', { Statistic: undefined, ExtendedStatistic: 'p1000' }, 'ValidationError', 'p1000'],
  ['a trimmed mean', { Statistic: undefined, ExtendedStatistic: 'tm99' }, 'NotImplemented', 'tm99'],
  ['a period of 45 seconds', { Period: 45 }, 'ValidationError', 'must be 10, 20, 30, or a multiple of 60'],
  ['more than a day', { EvaluationPeriods: 1441 }, 'ValidationError', 'more than a day'],
  ['more than a week', { Period: 3600, EvaluationPeriods: 169 }, 'ValidationError', 'more than a week'],
  ['more datapoints than periods', { DatapointsToAlarm: 4 }, 'ValidationError', 'DatapointsToAlarm'],
  ['an unknown treatment', { TreatMissingData: 'guess' }, 'ValidationError', 'guess'],
  ['a band', { ComparisonOperator: 'GreaterThanUpperThreshold' }, 'NotImplemented', 'anomaly detection'],
  ['an anomaly detector', { ThresholdMetricId: 'ad1' }, 'NotImplemented', 'ThresholdMetricId'],
  ['an action that is no ARN', { AlarmActions: ['call me'] }, 'ValidationError', 'Invalid arn syntax: call me'],
  ['an action with a line break', { OKActions: ['arn:aws:sns:r:1:t\nx'] }, 'ValidationError', 'Invalid arn syntax'],
  ['a name with a control character', { AlarmName: 'a\u0007' }, 'ValidationError', 'control characters'],
  ['few samples of an average', { EvaluateLowSampleCountPercentile: 'ignore' }, 'ValidationError', 'ExtendedStatistic'],
  ['a metric and an expression', { Metrics: [] }, 'ValidationError', 'mutually exclusive'],
])('settings with %s are refused', (_what, changes, code, message) => {
  let thrown: unknown
  try {
    settings(changes)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toMatchObject({ code, message: expect.stringContaining(message) })
})
