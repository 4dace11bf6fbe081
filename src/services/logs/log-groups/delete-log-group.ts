import type { DeleteLogGroupRequest } from '../../../model/generated/logs.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { logGroupMissing } from '../errors.ts'
import { PURGE, purgeKey } from '../event-retention.ts'
import { requireLogGroup } from './log-group-store.ts'

/** Deletes a group with its streams at once; the events, by then invisible, go in the background. */
export async function deleteLogGroup(
  { database: db, queue }: LogsDeps,
  input: DeleteLogGroupRequest,
  context: RequestContext,
): Promise<undefined> {
  const group = await requireLogGroup(db, context, input.logGroupName)
  await db.commit([
    statement(db.query.deleteFrom('logs_groups').where('id', '=', group.id), one(logGroupMissing)),
    statement(db.query.deleteFrom('logs_streams').where('group_id', '=', group.id)),
    statement(db.query.deleteFrom('logs_tags').where('group_id', '=', group.id)),
    queue.enqueue(PURGE, purgeKey({ groupId: group.id })),
  ])
  return undefined
}
