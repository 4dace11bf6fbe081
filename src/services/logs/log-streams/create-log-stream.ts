import type { CreateLogStreamRequest } from '../../../model/generated/logs.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { logGroupMissing, logStreamExists } from '../errors.ts'
import { requireLogGroup } from '../log-groups/log-group-store.ts'
import { newLogStream } from './log-stream-store.ts'

/** Creates an empty stream. */
export async function createLogStream(
  { database: db }: LogsDeps,
  input: CreateLogStreamRequest,
  context: RequestContext,
): Promise<undefined> {
  const group = await requireLogGroup(db, context, input.logGroupName)
  const insert = db.query
    .insertInto('logs_streams')
    .values(newLogStream(group.id, input.logStreamName, context.now))
    .onConflict((conflict) => conflict.columns(['group_id', 'name']).doNothing())
  await db.commit([
    // The group may have gone since it was read; a stream without one would never be seen again.
    statement(db.query.selectFrom('logs_groups').select('id').where('id', '=', group.id), one(logGroupMissing)),
    statement(insert, one(logStreamExists)),
  ])
  return undefined
}
