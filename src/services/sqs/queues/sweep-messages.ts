import { recurringWork } from '../../../control/recurring-work.ts'
import type { WorkOutcome } from '../../../control/work-queue.ts'
import { statement } from '../../../storage/statement.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { numberOf, type QueueAttributes } from './queue-attributes.ts'

/** Work: remove the messages that lie under an id which no queue has any more. The key is the id. */
export const SWEEP = 'sqs-sweep'
/** Work, for ever again: remove messages that are too old, and such as belong to no queue. */
const RETENTION = 'sqs-retention'
const EVERY = 5 * 60_000
/** Rows of one unit of work, so that nobody waits long behind it. */
const CHUNK = 1_000

type Deps = Pick<SqsDeps, 'database' | 'queue' | 'clock'>

/** Registers the work and enqueues what is done for ever. */
export async function startSweeping(deps: Deps): Promise<void> {
  const { database, queue, clock } = deps
  queue.handle(SWEEP, ({ key }, signal) => sweep(deps, key, signal), { concurrency: 1 })
  const retain = recurringWork(queue, RETENTION, { everyMilliseconds: EVERY }, async (signal) => {
    await removeExpired(deps, clock.now(), signal)
    await removeStrays(deps, signal)
  })
  await database.commit([retain])
}

async function sweep(deps: Deps, queueId: string, signal: AbortSignal): Promise<WorkOutcome> {
  await removeAll(deps, queueId, Number.MAX_SAFE_INTEGER, signal)
  return { done: true }
}

/** What is hidden still, or has been received lately, waits until it is visible: nobody receives it then. */
async function removeExpired(deps: Deps, now: number, signal: AbortSignal): Promise<void> {
  const queues = await deps.database.query.selectFrom('sqs_queues').select(['id', 'attributes']).execute()
  for (const { id, attributes } of queues) {
    const seconds = numberOf(JSON.parse(attributes) as QueueAttributes, 'MessageRetentionPeriod')
    await removeAll(deps, id, now - seconds * 1_000, signal)
  }
}

/** Messages that were on their way into a queue when it was deleted or purged. */
async function removeStrays(deps: Deps, signal: AbortSignal): Promise<void> {
  let last = ''
  for (;;) {
    signal.throwIfAborted()
    const next = await deps.database.query
      .selectFrom('sqs_messages')
      .select(({ fn }) => fn.min('queue_id').as('id'))
      .where('queue_id', '>', last)
      .executeTakeFirst()
    if (next?.id === null || next?.id === undefined) return
    last = next.id
    const owner = deps.database.query.selectFrom('sqs_queues').select('id').where('id', '=', last)
    if ((await owner.executeTakeFirst()) === undefined) await removeAll(deps, last, Number.MAX_SAFE_INTEGER, signal)
  }
}

async function removeAll(
  { database }: Deps,
  queueId: string,
  visibleUntil: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const ids = database.query
      .selectFrom('sqs_messages')
      .select('id')
      .where('queue_id', '=', queueId)
      .where('visible_at', '<=', visibleUntil)
      .orderBy('visible_at')
      .limit(CHUNK)
    if ((await ids.limit(1).executeTakeFirst()) === undefined) return
    await database.commit([statement(database.query.deleteFrom('sqs_messages').where('id', 'in', ids))])
  }
}
