import type { AlarmState } from '../facade.ts'
import { type AlarmSettings, COMPARISONS } from './alarm-settings.ts'
import type { Datapoint, Verdict } from './judge.ts'

/** Datapoints that a reason spells out, and that its data holds. */
const SPELLED = 10
const LISTED = 20

/** Why an alarm is in a state, for people and for programs. */
export interface StateReason {
  readonly text: string
  /** JSON. */
  readonly data: string
}

export const INITIAL_REASON = 'Unchecked: Initial alarm creation'

/** The words of CloudWatch for what a verdict rests on. */
export function stateReason(
  state: AlarmState,
  previous: AlarmState,
  { considered, filled }: Verdict,
  settings: AlarmSettings,
  now: number,
): StateReason {
  const { evaluationPeriods, threshold, comparison, treatment } = settings
  const data = reasonData(considered, settings, now)
  if (state === 'INSUFFICIENT_DATA') {
    const text = `Insufficient Data: ${evaluationPeriods} ${plural('datapoint', evaluationPeriods)} ${were(evaluationPeriods)} unknown.`
    return { text, data }
  }
  if (considered.length === 0) {
    const treated = treatment === 'breaching' ? 'Breaching' : 'NonBreaching'
    const text = `Threshold Crossed: no datapoints were received for ${filled} ${plural('period', filled)} and ${filled} missing ${plural('datapoint', filled)} ${were(filled)} treated as [${treated}].`
    return { text, data }
  }
  const { breaches, words } = COMPARISONS[comparison]
  const told = considered.filter(({ value }) => breaches(value as number, threshold) === (state === 'ALARM'))
  const shown = told.slice(-SPELLED).map(({ at, value }) => `${decimal(value as number)} (${clockTime(at)})`)
  const least = state === 'ALARM' ? settings.datapointsToAlarm : evaluationPeriods - settings.datapointsToAlarm + 1
  const change =
    state === previous ? '' : ` (minimum ${least} ${plural('datapoint', least)} for ${previous} -> ${state} transition)`
  const not = state === 'ALARM' ? '' : 'not '
  const text = `Threshold Crossed: ${told.length} out of the last ${considered.length} datapoints [${shown.reverse().join(', ')}] ${were(told.length)} ${not}${words} the threshold (${decimal(threshold)})${change}.`
  return { text, data }
}

function reasonData(considered: readonly Datapoint[], settings: AlarmSettings, now: number): string {
  const { input, period, threshold } = settings
  const [first] = considered
  const listed = considered.slice(-LISTED)
  return JSON.stringify({
    version: '1.0',
    queryDate: timestamp(now),
    ...(first !== undefined && { startDate: timestamp(first.at) }),
    ...(input.Unit !== undefined && { unit: input.Unit }),
    ...(input.Metrics === undefined && { statistic: input.Statistic ?? input.ExtendedStatistic }),
    period,
    recentDatapoints: listed.map(({ value }) => value),
    threshold,
    evaluatedDatapoints: listed.map(({ at, value }) => ({ timestamp: timestamp(at), value })).reverse(),
  })
}

const plural = (word: string, count: number): string => (count === 1 ? word : `${word}s`)
const were = (count: number): string => (count === 1 ? 'was' : 'were')

/** As CloudWatch writes numbers: with a decimal point, always. */
const decimal = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e15 ? `${value}.0` : `${value}`

/** `08/11/22 11:25:00` */
function clockTime(at: number): string {
  const [date, time] = new Date(at).toISOString().slice(2, 19).split('T') as [string, string]
  return `${date.split('-').reverse().join('/')} ${time}`
}

/** `2022-11-08T11:26:05.399+0000` */
const timestamp = (at: number): string => new Date(at).toISOString().replace('Z', '+0000')
