import { statement } from '../../../storage/statement.ts'
import type { AutoscalingDeps } from '../autoscaling-deps.ts'

/** Deletes the alarms of policies that are gone. A worker that dies in between has the sweep repeat it. */
export async function dropOrphanAlarms({
  database,
  cloudwatch,
}: Pick<AutoscalingDeps, 'database' | 'cloudwatch'>): Promise<void> {
  const { query } = database
  const orphans = await query
    .selectFrom('scaling_alarms')
    .selectAll()
    .where('policy_id', 'not in', query.selectFrom('scaling_policies').select('id'))
    .limit(1_000)
    .execute()
  for (const { account, region, name } of orphans) {
    await cloudwatch.deleteAlarms({ account, region }, [name])
    await database.commit([
      statement(query.deleteFrom('scaling_alarms').where((of) => of.and({ account, region, name }))),
    ])
  }
}
