import { sql } from 'kysely'
import type { PutMetricAlarmInput } from '../../../model/generated/cloudwatch.ts'
import { randomText } from '../../../shared/ids.ts'
import { retryOvertaken } from '../../../shared/overtaken.ts'
import type { Statement } from '../../../storage/database.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { tooManyAlarms } from '../errors.ts'
import type { AlarmOwner } from '../facade.ts'
import { invalid } from '../metrics/metric-queries.ts'
import { tryQueries } from '../metrics/try-queries.ts'
import { checkTags, tagsOf } from '../tags/tag-list.ts'
import { addHistory } from './alarm-history.ts'
import { alarmKey, findAlarm } from './alarm-row.ts'
import { readAlarmSettings } from './alarm-settings.ts'
import { AlarmChanged, isAlarmChanged } from './change-state.ts'
import { ALARM_WORK } from './evaluate-alarm.ts'
import { INITIAL_REASON } from './state-reason.ts'

const MOST_ALARMS = 5_000

/** PutMetricAlarm: creates or replaces an alarm, which is looked at at once. One that exists keeps its state and its tags. */
export async function putMetricAlarm(
  deps: CloudwatchDeps,
  input: PutMetricAlarmInput,
  { account, region, now, signal }: RequestContext,
): Promise<undefined> {
  const owner = { account, region }
  const changed = () => new AlarmChanged(input.AlarmName)
  const put = async () => deps.database.commit(await alarmWrites(deps, owner, input, now, changed))
  await retryOvertaken(put, isAlarmChanged, signal)
  return undefined
}

type Deps = Pick<CloudwatchDeps, 'database' | 'queue' | 'settings'>

/**
 * What creates or replaces an alarm, for a unit of work of the caller. That rejects with `changed()` when somebody else makes or deletes the alarm
 * meanwhile, and with LimitExceeded. @throws ValidationError
 */
export async function alarmWrites(
  { database, queue, settings: { anyAlarmPeriod } }: Deps,
  owner: AlarmOwner,
  input: PutMetricAlarmInput,
  now: number,
  changed: () => Error,
): Promise<readonly Statement[]> {
  const settings = readAlarmSettings(owner, input, anyAlarmPeriod)
  if (!input.AlarmName.isWellFormed()) throw invalid('The parameter AlarmName must be UTF-8.')
  tryQueries(settings.queries, settings.period)
  if (input.Tags !== undefined) checkTags(input.Tags)
  const { query } = database
  const { Tags: tags = [], ...stored } = settings.input
  const name = stored.AlarmName
  const known = await findAlarm(database, owner, name)
  const values = {
    settings: JSON.stringify(stored),
    namespace: settings.metric?.namespace ?? null,
    metric_name: settings.metric?.name ?? null,
    dimensions: settings.metric?.dimensions ?? null,
    actions_enabled: (stored.ActionsEnabled ?? true) ? 1 : 0,
    configured_at: now,
  }
  const fresh = {
    id: randomText(20),
    account: owner.account,
    region: owner.region,
    name,
    revision: 1,
    ...values,
    state: 'INSUFFICIENT_DATA',
    state_reason: INITIAL_REASON,
    state_reason_data: null,
    state_updated_at: now,
    state_transitioned_at: now,
    tags: JSON.stringify(tagsOf(tags)),
  }
  const tooMany = query
    .selectFrom('cloudwatch_alarms')
    .select('id')
    .where('account', '=', owner.account)
    .where('region', '=', owner.region)
    .offset(MOST_ALARMS)
    .limit(1)
  const change: readonly Statement[] =
    known === undefined
      ? [
          statement(
            query
              .insertInto('cloudwatch_alarms')
              .values(fresh)
              .onConflict((conflict) => conflict.columns(['account', 'region', 'name']).doNothing()),
            one(changed),
          ),
          statement(
            tooMany,
            none(() => tooManyAlarms(MOST_ALARMS)),
          ),
        ]
      : [
          statement(
            query
              .updateTable('cloudwatch_alarms')
              .set({ ...values, revision: sql<number>`revision + 1` })
              .where('id', '=', known.id),
            one(changed),
          ),
        ]
  const [type, verb] = known === undefined ? ['Create', 'created'] : ['Update', 'updated']
  return [
    ...change,
    addHistory(database, owner, name, now, {
      type: 'ConfigurationUpdate',
      summary: `Alarm "${name}" ${verb}`,
      data: { version: '1.0', type, [`${verb}Alarm`]: stored },
    }),
    queue.enqueue(ALARM_WORK, alarmKey(owner, name)),
  ]
}
