import { sql } from 'kysely'
import type { Database } from '../../../storage/database.ts'
import type { SqsMessageRow } from '../../../storage/schema/sqs.ts'
import { statement } from '../../../storage/statement.ts'
import { queueOfArn } from '../queue-name.ts'
import { numberOf, type RedrivePolicy, redriveOf } from '../queues/queue-attributes.ts'
import type { Queue } from '../queues/queue-catalog.ts'
import type { SqsDeps } from '../sqs-deps.ts'

/** Rows of one unit of work, so that nobody waits long behind it. */
const MOST_REMOVED = 1_000

type Deps = Pick<SqsDeps, 'database' | 'catalog' | 'arrivals'>

export interface Taking {
  readonly limit: number
  readonly nonce: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly visibleAgainAt: number
}

/**
 * Takes up to `limit` visible messages, those that have waited longest first. What has been received too often goes to the
 * dead-letter queue instead.
 */
export async function takeMessages(deps: Deps, queue: Queue, taking: Taking): Promise<readonly SqsMessageRow[]> {
  const redrive = redriveOf(queue.attributes)
  for (;;) {
    const rows = await takeOnce(deps, queue, taking)
    if (redrive === undefined || rows.length === 0) return rows
    const spent = rows.filter(({ receive_count }) => receive_count > redrive.maxReceiveCount)
    const moved = spent.length > 0 && (await moveToDeadLetters(deps, queue, redrive, spent, taking.now))
    // A dead-letter queue that is not there takes nothing; messages go on being received, as in AWS.
    if (!moved) return rows
    if (spent.length < rows.length) return rows.filter((row) => !spent.includes(row))
  }
}

async function takeOnce({ database }: Deps, queue: Queue, taking: Taking): Promise<readonly SqsMessageRow[]> {
  const { limit, nonce, now, visibleAgainAt } = taking
  const oldest = now - numberOf(queue.attributes, 'MessageRetentionPeriod') * 1_000
  const visible = database.query
    .selectFrom('sqs_messages')
    .select('id')
    .where('queue_id', '=', queue.id)
    .where('visible_at', '<=', now)
    .where('sent_at', '>', oldest)
    .orderBy('visible_at')
    .orderBy('id')
  // Most looks at an empty queue find nothing, and write nothing.
  if ((await visible.limit(1).executeTakeFirst()) === undefined) {
    await removeExpired(database, queue, now, oldest)
    return []
  }
  const take = database.query
    .updateTable('sqs_messages')
    .set({
      visible_at: visibleAgainAt,
      receive_count: sql<number>`receive_count + 1`,
      first_received_at: sql<number>`coalesce(first_received_at, ${sql.val(now)})`,
      receipt: nonce,
    })
    .where('id', 'in', visible.limit(limit))
    .returningAll()
  const [result] = await database.commit([statement(take)])
  const rows = (result?.rows ?? []) as unknown as SqsMessageRow[]
  return [...rows].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** What is visible and too old is in the way of whoever looks: it goes now, and not only when it is swept. */
async function removeExpired(database: Database, queue: Queue, now: number, oldest: number): Promise<void> {
  const { query } = database
  const expired = query
    .selectFrom('sqs_messages')
    .select('id')
    .where('queue_id', '=', queue.id)
    .where('visible_at', '<=', now)
    .where('sent_at', '<=', oldest)
    .limit(MOST_REMOVED)
  if ((await expired.limit(1).executeTakeFirst()) === undefined) return
  await database.commit([statement(query.deleteFrom('sqs_messages').where('id', 'in', expired))])
}

async function moveToDeadLetters(
  { database, catalog, arrivals }: Deps,
  queue: Queue,
  { deadLetterTargetArn }: RedrivePolicy,
  rows: readonly SqsMessageRow[],
  now: number,
): Promise<boolean> {
  const name = queueOfArn(deadLetterTargetArn)
  const target = name === undefined ? undefined : ((await catalog.find(name)) ?? (await catalog.read(name)))
  // Nor does a queue that is its own, from where they would be taken again and again within one call.
  if (target === undefined || target.arn === queue.arn) return false
  const move = database.query
    .updateTable('sqs_messages')
    .set({ queue_id: target.id, visible_at: now, receipt: null, source_arn: queue.arn })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    )
    .where('queue_id', '=', queue.id)
  await database.commit([arrivals.announces(statement(move))])
  return true
}
