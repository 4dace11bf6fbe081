import { sql } from 'kysely'
import type { EnableAlarmActionsInput } from '../../../model/generated/cloudwatch.ts'
import { statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'

/** EnableAlarmActions and DisableAlarmActions. Alarms that are not there are passed over. */
export async function switchActions(
  { database }: CloudwatchDeps,
  { AlarmNames: names }: EnableAlarmActionsInput,
  { account, region, now }: RequestContext,
  enabled: boolean,
): Promise<undefined> {
  if (names.length === 0) return undefined
  await database.commit([
    statement(
      database.query
        .updateTable('cloudwatch_alarms')
        .set({ actions_enabled: enabled ? 1 : 0, configured_at: now, revision: sql<number>`revision + 1` })
        .where('account', '=', account)
        .where('region', '=', region)
        .where('name', 'in', [...names])
        .where('actions_enabled', '=', enabled ? 0 : 1),
    ),
  ])
  return undefined
}
