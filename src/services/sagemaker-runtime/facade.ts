import { randomUUID } from 'node:crypto'
import type { WorkQueue } from '../../control/work-queue.ts'
import type { Database, Statement } from '../../storage/database.ts'
import { statement } from '../../storage/statement.ts'
import { ASYNC_INSTANCE_WORK, ASYNC_QUEUE_WORK } from './async-inference/work-kinds.ts'

export { SUBJECT, TEST_MESSAGE } from './async-inference/notifications.ts'

interface QueueOwner {
  readonly account: string
  readonly region: string
  readonly name_key: string
}

/** Gives a new endpoint its queue of asynchronous requests. */
export function openAsyncQueue(
  { database, workQueue }: { readonly database: Database; readonly workQueue: WorkQueue },
  { account, region, name_key }: QueueOwner,
  now: number,
): readonly Statement[] {
  const queue_id = randomUUID()
  const row = { queue_id, account, region, name_key, created_at: now }
  return [
    statement(database.query.insertInto('async_queues').values(row)),
    workQueue.enqueue(ASYNC_QUEUE_WORK, queue_id),
  ]
}

/** Takes the queue from an endpoint that is deleted: nothing is accepted any more, and what waits is removed. */
export const closeAsyncQueue = ({ query }: Database, { account, region, name_key }: QueueOwner): Statement =>
  statement(
    query
      .deleteFrom('async_queues')
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name_key', '=', name_key),
  )

/** The id of an endpoint's queue; undefined when it is no asynchronous one. */
export async function findAsyncQueue(
  { query }: Database,
  { account, region, name_key }: QueueOwner,
): Promise<string | undefined> {
  const row = await query
    .selectFrom('async_queues')
    .select('queue_id')
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name_key', '=', name_key)
    .executeTakeFirst()
  return row?.queue_id
}

/** Has requests be worked on by an instance of an asynchronous endpoint that has begun to answer. */
export const workForInstance = (workQueue: WorkQueue, endpointKey: string, instanceId: string): Statement =>
  workQueue.enqueue(ASYNC_INSTANCE_WORK, `${endpointKey}/${instanceId}`)
