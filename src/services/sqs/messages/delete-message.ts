import type {
  DeleteMessageBatchRequest,
  DeleteMessageBatchResult,
  DeleteMessageRequest,
} from '../../../model/generated/sqs.ts'
import type { Statement } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { queueOfUrl } from '../queue-name.ts'
import type { Queue } from '../queues/queue-catalog.ts'
import { openReceipt } from '../receiving/receipt-handle.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { checkBatch, sortOut } from './batch.ts'

/** Deleting what is gone, or has been received by somebody else since, is no error and does nothing. */
export async function deleteMessage(
  deps: SqsDeps,
  input: DeleteMessageRequest,
  context: RequestContext,
): Promise<undefined> {
  const queue = await deps.catalog.require(queueOfUrl(input.QueueUrl, context.region))
  await deps.database.commit([deletion(deps, queue, input.ReceiptHandle)])
  return undefined
}

export async function deleteMessageBatch(
  deps: SqsDeps,
  input: DeleteMessageBatchRequest,
  context: RequestContext,
): Promise<DeleteMessageBatchResult> {
  checkBatch(input.Entries, 'DeleteMessageBatchRequestEntry')
  const queue = await deps.catalog.require(queueOfUrl(input.QueueUrl, context.region))
  const { done, Failed } = sortOut(input.Entries, ({ Id, ReceiptHandle }) => ({
    Id,
    statement: deletion(deps, queue, ReceiptHandle),
  }))
  if (done.length > 0) await deps.database.commit(done.map((entry) => entry.statement))
  return { Successful: done.map(({ Id }) => ({ Id })), Failed }
}

function deletion({ database, box }: SqsDeps, queue: Queue, handle: string): Statement {
  const { messageId, nonce } = openReceipt(box, queue.arn, handle)
  return statement(
    database.query
      .deleteFrom('sqs_messages')
      .where('id', '=', messageId)
      .where('queue_id', '=', queue.id)
      .where('receipt', '=', nonce),
  )
}
