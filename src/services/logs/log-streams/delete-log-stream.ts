import type { DeleteLogStreamRequest } from '../../../model/generated/logs.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import type { LogsDeps } from '../deps.ts'
import { logStreamMissing } from '../errors.ts'
import { PURGE, purgeKey } from '../event-retention.ts'
import { requireLogGroup } from '../log-groups/log-group-store.ts'
import { requireLogStream } from './log-stream-store.ts'

/** Deletes a stream at once; its events, by then invisible, go in the background. */
export async function deleteLogStream(
  { database: db, queue }: LogsDeps,
  input: DeleteLogStreamRequest,
  context: RequestContext,
): Promise<undefined> {
  const group = await requireLogGroup(db, context, input.logGroupName)
  const stream = await requireLogStream(db, group.id, input.logStreamName)
  await db.commit([
    statement(db.query.deleteFrom('logs_streams').where('id', '=', stream.id), one(logStreamMissing)),
    queue.enqueue(PURGE, purgeKey({ streamId: stream.id })),
  ])
  return undefined
}
