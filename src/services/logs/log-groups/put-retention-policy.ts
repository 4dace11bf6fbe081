import type { PutRetentionPolicyRequest } from '../../../model/generated/logs.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { invalidParameter, logGroupMissing } from '../errors.ts'

/** The periods that the API takes, in days. */
const PERIODS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]

/** Sets after how many days a group's events expire. */
export async function putRetentionPolicy(
  { database: db }: LogsDeps,
  input: PutRetentionPolicyRequest,
  context: RequestContext,
): Promise<undefined> {
  if (!PERIODS.includes(input.retentionInDays)) {
    throw invalidParameter(
      `1 validation error detected: Value '${input.retentionInDays}' at 'retentionInDays' failed to satisfy constraint: ` +
        `Member must satisfy enum value set: [${PERIODS.join(', ')}]`,
    )
  }
  await setRetention(db, context, input.logGroupName, input.retentionInDays)
  return undefined
}

/** Writes the period, or null for ever. */
export async function setRetention(
  db: LogsDeps['database'],
  { account, region }: Pick<RequestContext, 'account' | 'region'>,
  name: string,
  days: number | null,
): Promise<void> {
  const update = db.query
    .updateTable('logs_groups')
    .set({ retention_days: days })
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name', '=', name)
  await db.commit([statement(update, one(logGroupMissing))])
}
