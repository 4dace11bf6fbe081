import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'

/** Source: alarm history is kept for 30 days. */
const LIFE = 30 * 24 * 60 * 60_000
/** What an alarm that flaps may leave behind; beyond it the oldest goes. */
const MOST_ITEMS = 2_000

/** Forgets what alarms have been through, when it is too old or too much. */
export async function trimHistory(database: Database, now: number): Promise<void> {
  const { query } = database
  await database.commit([statement(query.deleteFrom('cloudwatch_alarm_history').where('at', '<', now - LIFE))])
  const long = await query
    .selectFrom('cloudwatch_alarm_history')
    .select(['account', 'region', 'alarm_name'])
    .groupBy(['account', 'region', 'alarm_name'])
    .having(({ fn }) => fn.countAll<number>(), '>', MOST_ITEMS)
    .execute()
  for (const alarm of long) {
    const newest = await query
      .selectFrom('cloudwatch_alarm_history')
      .select('id')
      .where((of) => of.and({ ...alarm }))
      .orderBy('id', 'desc')
      .offset(MOST_ITEMS)
      .limit(1)
      .executeTakeFirst()
    if (newest === undefined) continue
    const old = query
      .deleteFrom('cloudwatch_alarm_history')
      .where((of) => of.and({ ...alarm }))
      .where('id', '<=', newest.id)
    await database.commit([statement(old)])
  }
}
