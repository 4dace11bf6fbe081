import type { Database } from '../../../storage/database.ts'

/** What is known of a queue at a moment. */
export interface QueueState {
  /** Requests that wait or are being worked on. */
  readonly backlog: number
  /** When the oldest of them was accepted, epoch milliseconds; undefined when there is none. */
  readonly oldestAt: number | undefined
}

/** Reads a queue's state without looking at each of its requests. */
export async function queueState({ query }: Database, queueId: string): Promise<QueueState> {
  const counts = await query
    .selectFrom('async_counts')
    .select(({ fn }) => [fn.sum('accepted').as('accepted'), fn.sum('finished').as('finished')])
    .where('queue_id', '=', queueId)
    .executeTakeFirst()
  const oldest = await query
    .selectFrom('async_requests')
    .select('received_at')
    .where('queue_id', '=', queueId)
    .orderBy('request_id')
    .limit(1)
    .executeTakeFirst()
  return {
    backlog: Math.max(0, Number(counts?.accepted ?? 0) - Number(counts?.finished ?? 0)),
    oldestAt: oldest?.received_at,
  }
}
