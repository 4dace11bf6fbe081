import type { PutMetricAlarmInput } from '../../model/generated/cloudwatch.ts'
import { loadService } from '../../model/service-description.ts'
import { validateInput } from '../../wire/validate-input.ts'
import { alarmsOfPolicies } from './alarms/alarms-of-policies.ts'
import { removeAlarms } from './alarms/delete-alarms.ts'
import { alarmWrites } from './alarms/put-metric-alarm.ts'
import type { CloudwatchDeps } from './cloudwatch-deps.ts'
import type { AlarmState, CloudwatchFacade } from './facade.ts'
import { startOf } from './metrics/aggregate.ts'
import { byPeriod, ofUnit, readPoints } from './metrics/read-points.ts'
import type { Recorder } from './metrics/recorder.ts'
import { seriesOfTarget } from './metrics/series.ts'
import { parseStatistic } from './metrics/statistic.ts'
import { exposition } from './prometheus/exposition.ts'
import { readTotals } from './prometheus/read-totals.ts'

const MINUTE = 60_000
/** A gauge that has not been sampled for so many intervals is of something that is over. */
const STALE_SAMPLES = 3

/** What the gateway does for callers: others pass on what their own callers have written. @throws ValidationError */
function requireModelled(alarm: PutMetricAlarmInput): void {
  const description = loadService('cloudwatch')
  const operation = description.operations.get('PutMetricAlarm')
  if (operation !== undefined) validateInput(description, operation, { ...alarm })
}

/** CloudWatch for the other services of this worker. */
export function createCloudwatchFacade(deps: CloudwatchDeps, recorder: Recorder): CloudwatchFacade {
  const { database, clock } = deps
  return {
    record: (target, value, unit, time) => recorder.record(target, value, unit, time),
    counter: (target, unit, options) => recorder.counter(target, unit, options),
    flush: () => recorder.flush(),
    async prometheus() {
      // What this worker has not stored yet is told too; other workers are some seconds behind.
      await recorder.flush()
      const since = clock.now() - STALE_SAMPLES * Math.max(MINUTE, deps.settings.resolutionSeconds * 1000)
      return exposition(await readTotals(database), since)
    },
    async getStatistics(target, { statistic: name, period, start, end, unit }) {
      const statistic = parseStatistic(name)
      if (statistic === undefined) throw new Error(`there is no statistic ${name}`)
      const { id } = seriesOfTarget(target)
      const from = startOf(start, period)
      const points = (await readPoints(database, [id], from, end)).get(id) ?? []
      return [...byPeriod(points, period, 0)]
        .map(([at, units]) => {
          const aggregate = ofUnit(units, unit)
          return { at, value: aggregate === undefined ? undefined : statistic(aggregate) }
        })
        .filter((one): one is { at: number; value: number } => one.value !== undefined)
        .sort((a, b) => a.at - b.at)
    },
    async alarmWrites(owner, input, changed) {
      requireModelled(input)
      return alarmWrites(deps, owner, input, clock.now(), changed)
    },
    deleteAlarms: (owner, names) => removeAlarms(deps, owner, names, clock.now()),
    alarmsOfPolicies: (owner, policies) => alarmsOfPolicies(database, owner, policies),
    async alarmStates({ account, region }, names) {
      if (names.length === 0) return new Map()
      const rows = await database.query
        .selectFrom('cloudwatch_alarms')
        .select(['name', 'state'])
        .where('account', '=', account)
        .where('region', '=', region)
        .where('name', 'in', [...names])
        .execute()
      return new Map(rows.map(({ name, state }) => [name, state as AlarmState]))
    },
  }
}
