import type { PutMetricAlarmInput } from '../../../model/generated/cloudwatch.ts'
import type { Database } from '../../../storage/database.ts'
import type { AlarmOwner } from '../facade.ts'

/** Most alarms have no such action, and are not read. */
const SCALING = '%:scalingPolicy:%'

/** The names of the alarms that have one of these scaling policies as an action of any state, by the policy's ARN, in order. */
export async function alarmsOfPolicies(
  { query }: Database,
  { account, region }: AlarmOwner,
  policies: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>(policies.map((arn) => [arn, []]))
  if (found.size === 0) return found
  const rows = await query
    .selectFrom('cloudwatch_alarms')
    .select(['name', 'settings'])
    .where((of) => of.and({ account, region }))
    .where('settings', 'like', SCALING)
    .orderBy('name')
    .execute()
  for (const { name, settings } of rows) {
    const {
      OKActions = [],
      AlarmActions = [],
      InsufficientDataActions = [],
    } = JSON.parse(settings) as PutMetricAlarmInput
    for (const arn of new Set([...OKActions, ...AlarmActions, ...InsufficientDataActions])) found.get(arn)?.push(name)
  }
  return found
}
