import { timeOrderedId } from '../../../shared/ids.ts'
import type { Statement } from '../../../storage/database.ts'
import { preparedForRows } from '../../../storage/prepared-rows.ts'
import type { SqsMessageRow } from '../../../storage/schema/sqs.ts'
import { isEncrypted, numberOf } from '../queues/queue-attributes.ts'
import type { Queue } from '../queues/queue-catalog.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { type MessageContent, packContent } from './message-content.ts'

export interface NewMessage extends MessageContent {
  /** Default: the queue's. Seconds. */
  readonly delay?: number
}

export interface MessageOrigin {
  /** As `SenderId` shows it. */
  readonly sender: string
  /** Epoch milliseconds. */
  readonly now: number
}

/** The row of a message that is sent to a queue. */
export function messageRow(
  { box }: Pick<SqsDeps, 'box'>,
  queue: Queue,
  { delay = numberOf(queue.attributes, 'DelaySeconds'), ...content }: NewMessage,
  { sender, now }: MessageOrigin,
): SqsMessageRow {
  const id = timeOrderedId(now)
  return {
    id,
    queue_id: queue.id,
    visible_at: now + delay * 1_000,
    sent_at: now,
    sender,
    ...packContent(box, id, content, isEncrypted(queue.attributes)),
    receive_count: 0,
    first_received_at: null,
    receipt: null,
    source_arn: null,
  }
}

const inserts = preparedForRows<SqsMessageRow>(
  [
    'id',
    'queue_id',
    'visible_at',
    'sent_at',
    'sender',
    'content',
    'sealed',
    'receive_count',
    'first_received_at',
    'receipt',
    'source_arn',
  ],
  (query, rows) => query.insertInto('sqs_messages').values(rows),
)

/** Many rows at once. */
export function insertMessages(
  { database, arrivals }: Pick<SqsDeps, 'database' | 'arrivals'>,
  rows: readonly SqsMessageRow[],
): readonly Statement[] {
  return inserts(database, rows).map((one) => arrivals.announces(one))
}
