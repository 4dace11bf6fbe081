import type { AlarmState } from '../facade.ts'
import { type AlarmSettings, COMPARISONS } from './alarm-settings.ts'

/** A period that an alarm looks at. */
export interface Datapoint {
  /** Where it begins, epoch milliseconds. */
  readonly at: number
  /** Undefined when nothing is known of it. */
  readonly value: number | undefined
}

export interface Verdict {
  /** Undefined: the alarm stays in the state that it has. */
  readonly state: AlarmState | undefined
  /** What was looked at, oldest first; missing ones that were given a value are among them without it. */
  readonly considered: readonly Datapoint[]
  /** How many missing datapoints were treated as breaching or not. */
  readonly filled: number
}

type Rule = Pick<AlarmSettings, 'evaluationPeriods' | 'datapointsToAlarm' | 'threshold' | 'comparison' | 'treatment'>

/** Periods that are looked at beyond those that are evaluated, for when some are missing. */
const BEYOND = 2

/** How many periods an alarm looks at. Source: how alarm state is evaluated when data is missing. */
export const evaluationRange = (evaluationPeriods: number): number => evaluationPeriods + BEYOND

/**
 * Decides what state the datapoints of the evaluation range, oldest first, mean. Source: configuring how CloudWatch alarms
 * treat missing data, with its tables and the rule on premature transitions.
 */
export function judge(range: readonly Datapoint[], rule: Rule): Verdict {
  const { evaluationPeriods, datapointsToAlarm, threshold, comparison, treatment } = rule
  const breaches = ({ value }: Datapoint) => COMPARISONS[comparison].breaches(value as number, threshold)
  const real = range.filter(({ value }) => value !== undefined)
  const recent = real.slice(-evaluationPeriods)
  const breaching = recent.filter(breaches).length
  const missing = evaluationPeriods - recent.length
  const verdict = (state: AlarmState | undefined, filled = 0): Verdict => ({ state, considered: recent, filled })

  if (missing === 0) return verdict(breaching >= datapointsToAlarm ? 'ALARM' : 'OK')
  if (treatment === 'breaching') return verdict(breaching + missing >= datapointsToAlarm ? 'ALARM' : 'OK', missing)
  if (treatment === 'notBreaching') return verdict(breaching >= datapointsToAlarm ? 'ALARM' : 'OK', missing)
  if (real.length === 0) return verdict(treatment === 'missing' ? 'INSUFFICIENT_DATA' : undefined)
  if (breaching >= datapointsToAlarm) return verdict('ALARM')
  // All that is known is bad, and it has been so for as long as it takes to alarm: it will not be refuted any more.
  const oldest = range.findIndex(({ value }) => value !== undefined)
  if (breaching === real.length && range.length - oldest >= datapointsToAlarm)
    return verdict(treatment === 'missing' ? 'ALARM' : undefined)
  return verdict('OK')
}
