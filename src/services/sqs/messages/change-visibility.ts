import type {
  ChangeMessageVisibilityBatchRequest,
  ChangeMessageVisibilityBatchResult,
  ChangeMessageVisibilityRequest,
} from '../../../model/generated/sqs.ts'
import { statement } from '../../../storage/statement.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { invalidParameter, invalidValue, missingParameter, notInFlight } from '../errors.ts'
import { queueOfUrl } from '../queue-name.ts'
import type { Queue } from '../queues/queue-catalog.ts'
import { openReceipt } from '../receiving/receipt-handle.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { checkBatch } from './batch.ts'

const LONGEST = 43_200

/** From now on for so many seconds, up to twelve hours after the first receive; 0 gives the message back at once. */
export async function changeMessageVisibility(
  deps: SqsDeps,
  input: ChangeMessageVisibilityRequest,
  context: RequestContext,
): Promise<undefined> {
  const queue = await deps.catalog.require(queueOfUrl(input.QueueUrl, context.region))
  await change(deps, queue, input)
  return undefined
}

export async function changeMessageVisibilityBatch(
  deps: SqsDeps,
  input: ChangeMessageVisibilityBatchRequest,
  context: RequestContext,
): Promise<ChangeMessageVisibilityBatchResult> {
  checkBatch(input.Entries, 'ChangeMessageVisibilityBatchRequestEntry')
  const queue = await deps.catalog.require(queueOfUrl(input.QueueUrl, context.region))
  const Failed: NonNullable<ChangeMessageVisibilityBatchResult['Failed']> = []
  const outcomes = await Promise.allSettled(input.Entries.map((entry) => change(deps, queue, entry)))
  const Successful = input.Entries.filter(({ Id }, index) => {
    const outcome = outcomes[index]
    if (outcome?.status !== 'rejected') return true
    const error: unknown = outcome.reason
    if (!(error instanceof ServiceError) || error.status >= 500) throw error
    Failed.push({ Id, SenderFault: true, Code: error.code, Message: error.message })
    return false
  }).map(({ Id }) => ({ Id }))
  return { Successful, Failed }
}

interface Change {
  readonly ReceiptHandle: string
  readonly VisibilityTimeout?: number
}

async function change(deps: SqsDeps, queue: Queue, { ReceiptHandle, VisibilityTimeout }: Change): Promise<void> {
  const { database, box, clock, arrivals } = deps
  if (VisibilityTimeout === undefined) throw missingParameter('VisibilityTimeout')
  if (VisibilityTimeout < 0 || VisibilityTimeout > LONGEST)
    throw invalidValue(VisibilityTimeout, 'VisibilityTimeout', `Must be between 0 and ${LONGEST}.`)
  const { messageId, nonce } = openReceipt(box, queue.arn, ReceiptHandle)
  const now = clock.now()
  const row = await database.query
    .selectFrom('sqs_messages')
    .select('first_received_at')
    .where((of) => of.and({ id: messageId, queue_id: queue.id, receipt: nonce }))
    .where('visible_at', '>', now)
    .executeTakeFirst()
  if (row === undefined) throw notInFlight(ReceiptHandle)
  const until = now + VisibilityTimeout * 1_000
  if (until > (row.first_received_at ?? now) + LONGEST * 1_000)
    throw invalidParameter(
      `Value ${VisibilityTimeout} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [${LONGEST} seconds].`,
    )
  const [result] = await database.commit([
    arrivals.announces(
      statement(
        database.query
          .updateTable('sqs_messages')
          .set({ visible_at: until })
          .where((of) => of.and({ id: messageId, queue_id: queue.id, receipt: nonce }))
          .where('visible_at', '>', now),
      ),
    ),
  ])
  if (result?.affected !== 1) throw notInFlight(ReceiptHandle)
}
