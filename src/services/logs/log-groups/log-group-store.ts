import { randomText } from '../../../shared/ids.ts'
import type { Database } from '../../../storage/database.ts'
import type { LogGroupRow } from '../../../storage/schema/logs.ts'
import type { RequestContext } from '../../operation.ts'
import { logGroupMissing } from '../errors.ts'

/** Whose groups are meant. */
export type LogScope = Pick<RequestContext, 'account' | 'region'>

export const findLogGroup = (db: Database, scope: LogScope, name: string): Promise<LogGroupRow | undefined> =>
  db.query
    .selectFrom('logs_groups')
    .selectAll()
    .where('account', '=', scope.account)
    .where('region', '=', scope.region)
    .where('name', '=', name)
    .executeTakeFirst()

/** The group, or the API's error that there is none. */
export async function requireLogGroup(db: Database, scope: LogScope, name: string): Promise<LogGroupRow> {
  const group = await findLogGroup(db, scope, name)
  if (group === undefined) throw logGroupMissing()
  return group
}

export const newLogGroup = (
  scope: LogScope,
  name: string,
  createdAt: number,
  logGroupClass = 'STANDARD',
): LogGroupRow => ({
  id: randomText(20),
  account: scope.account,
  region: scope.region,
  name,
  class: logGroupClass,
  retention_days: null,
  created_at: createdAt,
})

const DAY = 24 * 60 * 60 * 1000

/** Events before this moment count as gone, whether or not they have been removed yet. Epoch milliseconds. */
export const expiryHorizon = (group: Pick<LogGroupRow, 'retention_days'>, now: number): number =>
  group.retention_days === null ? 0 : now - group.retention_days * DAY
