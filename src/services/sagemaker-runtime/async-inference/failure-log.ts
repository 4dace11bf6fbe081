import type { Database, Statement } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import type { ClaimedRequest } from './async-request.ts'

/** So many of a queue's failures are kept for people to look at. */
const KEPT_FAILURES = 50
const MOST_TEXT = 1_000

/** Keeps a failure, and forgets those that are too many. */
export function failureStatements(
  { query }: Database,
  { queueId, requestId, document }: ClaimedRequest,
  reason: string,
  now: number,
): Statement[] {
  const row = {
    queue_id: queueId,
    request_id: requestId,
    failed_at: now,
    inference_id: document.inferenceId,
    reason: reason.slice(0, MOST_TEXT),
  }
  return [
    statement(query.insertInto('async_failures').values(row)),
    statement(
      query
        .deleteFrom('async_failures')
        .where('queue_id', '=', queueId)
        .where('request_id', 'in', (of) =>
          of
            .selectFrom('async_failures')
            .select('request_id')
            .where('queue_id', '=', queueId)
            .orderBy('failed_at', 'desc')
            .orderBy('request_id', 'desc')
            .limit(1_000)
            .offset(KEPT_FAILURES),
        ),
    ),
  ]
}
