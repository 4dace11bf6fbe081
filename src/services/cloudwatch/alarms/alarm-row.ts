import type { MetricAlarm, PutMetricAlarmInput, StateValue } from '../../../model/generated/cloudwatch.ts'
import { formatArn } from '../../../shared/arn.ts'
import type { Database } from '../../../storage/database.ts'
import type { AlarmRow } from '../../../storage/schema/cloudwatch.ts'
import type { AlarmOwner } from '../facade.ts'

export const alarmArn = ({ account, region }: AlarmOwner, name: string): string =>
  formatArn({ service: 'cloudwatch', region, account, resource: `alarm:${name}` })

export const findAlarm = (
  { query }: Database,
  { account, region }: AlarmOwner,
  name: string,
): Promise<AlarmRow | undefined> =>
  query
    .selectFrom('cloudwatch_alarms')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name', '=', name)
    .executeTakeFirst()

/** An alarm as the operations that describe show it. */
export function showAlarm(row: AlarmRow): MetricAlarm {
  const { Tags: _tags, ...settings } = JSON.parse(row.settings) as PutMetricAlarmInput
  return {
    ...settings,
    AlarmArn: alarmArn(row, row.name),
    ActionsEnabled: row.actions_enabled === 1,
    OKActions: settings.OKActions ?? [],
    AlarmActions: settings.AlarmActions ?? [],
    InsufficientDataActions: settings.InsufficientDataActions ?? [],
    ...(settings.Metrics === undefined && { Dimensions: settings.Dimensions ?? [] }),
    AlarmConfigurationUpdatedTimestamp: row.configured_at,
    StateValue: row.state as StateValue,
    StateReason: row.state_reason,
    ...(row.state_reason_data !== null && { StateReasonData: row.state_reason_data }),
    StateUpdatedTimestamp: row.state_updated_at,
    StateTransitionedTimestamp: row.state_transitioned_at,
  }
}

/** The key of an alarm's work item. Names may hold anything, so they stand last. */
export const alarmKey = ({ account, region }: AlarmOwner, name: string): string => `${account}/${region}/${name}`

export function parseAlarmKey(key: string): AlarmOwner & { readonly name: string } {
  const [account = '', region = '', ...name] = key.split('/')
  return { account, region, name: name.join('/') }
}
