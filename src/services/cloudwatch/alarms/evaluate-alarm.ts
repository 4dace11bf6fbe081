import type { WorkHandler, WorkOutcome } from '../../../control/work-queue.ts'
import type { AlarmRow } from '../../../storage/schema/cloudwatch.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import type { AlarmState } from '../facade.ts'
import type { TimeSeries } from '../math/values.ts'
import { startOf } from '../metrics/aggregate.ts'
import type { StatQuery } from '../metrics/metric-queries.ts'
import { byPeriod, ofUnit, readPoints } from '../metrics/read-points.ts'
import { runQueries } from '../metrics/run-queries.ts'
import { findAlarm, parseAlarmKey } from './alarm-row.ts'
import { type AlarmSettings, parseAlarmSettings } from './alarm-settings.ts'
import { AlarmChanged, repeatScaling, stateChange } from './change-state.ts'
import { type Datapoint, evaluationRange, judge } from './judge.ts'
import { stateReason } from './state-reason.ts'

/** Work: look at an alarm, for ever again until it is gone. The key is the alarm's. */
export const ALARM_WORK = 'cloudwatch-alarm'

const DAY = 86_400
const HOUR = 3_600
/** After a flush is due, this long until what it has stored counts as all there is, in milliseconds. */
const SETTLE = 1_000

type Deps = Pick<CloudwatchDeps, 'database' | 'queue' | 'clock' | 'log' | 'settings'>

/**
 * Evaluates alarms: each is an item of work that whichever worker is free takes. A change of state is committed with its
 * history and its actions, guarded by the alarm's revision, so that it happens once however often this is repeated.
 */
export function alarmHandler(deps: Deps): WorkHandler {
  return async ({ key }): Promise<WorkOutcome> => {
    const { account, region, name } = parseAlarmKey(key)
    const row = await findAlarm(deps.database, { account, region }, name)
    if (row === undefined) return { done: true }
    const settings = parseAlarmSettings(row, row.settings)
    const now = deps.clock.now()
    try {
      await evaluateAlarm(deps, row, settings, now)
    } catch (error) {
      // Changed while it was looked at: what it is now is looked at at once.
      if (error instanceof AlarmChanged) return { done: false, againInMilliseconds: 0 }
      throw error
    }
    return { done: false, againInMilliseconds: Math.max(0, nextTime(settings, deps, now) - deps.clock.now()) }
  }
}

async function evaluateAlarm(deps: Deps, row: AlarmRow, settings: AlarmSettings, now: number): Promise<void> {
  const range = await readRange(deps, row, settings, lastEnd(settings, deps, now))
  if (range === undefined) return
  const verdict = judge(range, settings)
  const previous = row.state as AlarmState
  const state = verdict.state ?? previous
  const reason = stateReason(state, previous, verdict, settings, now)
  const unit =
    state === previous
      ? await repeatScaling(deps, row, reason, now, interval(settings) * 1000)
      : stateChange(deps, row, state, reason, now)
  if (unit.length > 0) await deps.database.commit(unit)
}

/** How often an alarm is looked at, in seconds. Source: alarm evaluation. */
function interval({ period, evaluationPeriods }: AlarmSettings): number {
  if (period * evaluationPeriods > DAY) return HOUR
  if (period >= 60) return 60
  return period >= 10 ? 10 : period
}

/** The last moment before which everything has been stored, on a boundary of minutes or of a shorter period. */
const lastEnd = (settings: AlarmSettings, { settings: { flushSeconds } }: Deps, now: number): number =>
  startOf(now - flushSeconds * 1000 - SETTLE, Math.min(settings.period, 60))

/** When an interval ends next, and what belongs to it has been stored. */
function nextTime(settings: AlarmSettings, { settings: { flushSeconds } }: Deps, now: number): number {
  const every = interval(settings) * 1000
  const late = flushSeconds * 1000 + SETTLE
  return now + every - ((now - late) % every)
}

/**
 * The datapoints of the evaluation range, oldest first. Undefined when one of them rests on too few samples to say
 * anything and the alarm is to wait.
 */
async function readRange(
  { database, log }: Deps,
  { name, account, region }: AlarmRow,
  settings: AlarmSettings,
  end: number,
): Promise<readonly Datapoint[] | undefined> {
  const { queries, period, evaluationPeriods, leastSamples } = settings
  const periods = evaluationRange(evaluationPeriods)
  const start = end - periods * period * 1000
  const [only] = queries
  if (leastSamples > 0) {
    const { series, unit } = only as StatQuery
    const points = (await readPoints(database, [series.id], start, end)).get(series.id) ?? []
    for (const units of byPeriod(points, period, start).values())
      if ((ofUnit(units, unit)?.count ?? 0) < leastSamples) return undefined
  }
  let series: TimeSeries | undefined
  try {
    const [result] = await runQueries(database, queries, { start, end, origin: start })
    series = result?.series[0]
  } catch (error) {
    // An expression that comes to nothing with the data that there is has no datapoints.
    if (!(error instanceof ServiceError)) throw error
    log.warn({ err: error, alarm: name, account, region }, 'the expression of an alarm cannot be worked out')
  }
  return Array.from({ length: periods }, (_, index) => {
    const at = start + index * period * 1000
    return { at, value: series?.values.get(at) }
  })
}
