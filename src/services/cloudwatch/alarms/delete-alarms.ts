import type { DeleteAlarmsInput } from '../../../model/generated/cloudwatch.ts'
import { statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import type { AlarmOwner } from '../facade.ts'
import { addHistory } from './alarm-history.ts'

/** DeleteAlarms. Alarms that are not there are passed over, as AWS does; the history of the others stays. */
export async function deleteAlarms(
  deps: CloudwatchDeps,
  { AlarmNames: names }: DeleteAlarmsInput,
  { account, region, now }: RequestContext,
): Promise<undefined> {
  await removeAlarms(deps, { account, region }, names, now)
  return undefined
}

export async function removeAlarms(
  { database }: Pick<CloudwatchDeps, 'database'>,
  owner: AlarmOwner,
  names: readonly string[],
  now: number,
): Promise<void> {
  if (names.length === 0) return
  const { query } = database
  const found = await query
    .selectFrom('cloudwatch_alarms')
    .select(['id', 'name'])
    .where('account', '=', owner.account)
    .where('region', '=', owner.region)
    .where('name', 'in', [...names])
    .execute()
  if (found.length === 0) return
  const remove = query.deleteFrom('cloudwatch_alarms').where(
    'id',
    'in',
    found.map(({ id }) => id),
  )
  await database.commit([
    statement(remove),
    ...found.map(({ name }) =>
      addHistory(database, owner, name, now, {
        type: 'ConfigurationUpdate',
        summary: `Alarm "${name}" deleted`,
        data: { version: '1.0', type: 'Delete', deletedAlarm: { AlarmName: name } },
      }),
    ),
  ])
}
