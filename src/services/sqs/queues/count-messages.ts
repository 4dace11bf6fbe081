import type { SqsDeps } from '../sqs-deps.ts'
import { numberOf } from './queue-attributes.ts'
import type { Queue } from './queue-catalog.ts'

export interface MessageCounts {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
}

/** How many messages a queue holds, by what is to be done with them. */
export async function countMessages(
  { database, clock }: Pick<SqsDeps, 'database' | 'clock'>,
  queue: Queue,
): Promise<MessageCounts> {
  const now = clock.now()
  const oldest = now - numberOf(queue.attributes, 'MessageRetentionPeriod') * 1_000
  const kept = database.query.selectFrom('sqs_messages').where('queue_id', '=', queue.id).where('sent_at', '>', oldest)
  const [visible, hidden] = await Promise.all([
    kept
      .where('visible_at', '<=', now)
      .select(({ fn }) => fn.countAll<number>().as('all'))
      .executeTakeFirstOrThrow(),
    kept
      .where('visible_at', '>', now)
      .select(({ fn }) => [fn.countAll<number>().as('all'), fn.count<number>('receipt').as('received')])
      .executeTakeFirstOrThrow(),
  ])
  const inFlight = Number(hidden.received)
  return { visible: Number(visible.all), inFlight, delayed: Number(hidden.all) - inFlight }
}
