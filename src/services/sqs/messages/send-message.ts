import type {
  SendMessageBatchRequest,
  SendMessageBatchResult,
  SendMessageRequest,
  SendMessageResult,
} from '../../../model/generated/sqs.ts'
import type { SqsMessageRow } from '../../../storage/schema/sqs.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { batchTooLong, invalidParameter, invalidValue, messageTooLong, missingParameter } from '../errors.ts'
import { queueOfUrl } from '../queue-name.ts'
import { numberOf } from '../queues/queue-attributes.ts'
import type { Queue } from '../queues/queue-catalog.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { checkBatch, sortOut } from './batch.ts'
import {
  acceptAttributes,
  attributesDigest,
  attributesSize,
  bodyDigest,
  givenSize,
  requireText,
} from './message-attributes.ts'
import { insertMessages, messageRow, type NewMessage } from './message-rows.ts'

/** All messages of a batch together, with their attributes. */
const MOST_BATCH_BYTES = 1_048_576
const GROUP = /^[\x21-\x7e]{1,128}$/

type Sent = Omit<SendMessageRequest, 'QueueUrl'>

export async function sendMessage(
  deps: SqsDeps,
  input: SendMessageRequest,
  context: RequestContext,
): Promise<SendMessageResult> {
  const accepted = await store(deps, input.QueueUrl, context, (queue) => {
    const message = accept(queue, input)
    return { message, row: messageRow(deps, queue, message, originOf(context)) }
  })
  return digests(accepted.message, accepted.row)
}

export async function sendMessageBatch(
  deps: SqsDeps,
  input: SendMessageBatchRequest,
  context: RequestContext,
): Promise<SendMessageBatchResult> {
  checkBatch(input.Entries, 'SendMessageBatchRequestEntry')
  const bytes = input.Entries.reduce(
    (sum, entry) => sum + Buffer.byteLength(entry.MessageBody) + givenSize(entry.MessageAttributes),
    0,
  )
  if (bytes > MOST_BATCH_BYTES) throw batchTooLong(MOST_BATCH_BYTES, bytes)
  const { done, Failed } = await store(deps, input.QueueUrl, context, (queue) => {
    const sorted = sortOut(input.Entries, (entry) => {
      const message = accept(queue, entry)
      return { id: entry.Id, message, row: messageRow(deps, queue, message, originOf(context)) }
    })
    return { ...sorted, rows: sorted.done.map(({ row }) => row) }
  })
  return {
    Successful: done.map(({ id, message, row }) => {
      const { MessageId, MD5OfMessageBody, ...others } = digests(message, row)
      return { Id: id, MessageId: MessageId as string, MD5OfMessageBody: MD5OfMessageBody as string, ...others }
    }),
    Failed,
  }
}

/** The queue has been purged or deleted since it was looked up. */
class QueueMoved extends Error {
  override readonly name = 'QueueMoved'
}

async function store<Made extends { readonly row: SqsMessageRow } | { readonly rows: readonly SqsMessageRow[] }>(
  deps: SqsDeps,
  url: string,
  context: RequestContext,
  make: (queue: Queue) => Made,
): Promise<Made> {
  const { database, catalog } = deps
  const name = queueOfUrl(url, context.region)
  let queue = await catalog.require(name)
  for (;;) {
    const made = make(queue)
    const rows = 'row' in made ? [made.row] : made.rows
    if (rows.length === 0) return made
    const isThere = database.query.selectFrom('sqs_queues').select('id').where('id', '=', queue.id)
    try {
      await database.commit([
        statement(
          isThere,
          one(() => new QueueMoved()),
        ),
        ...insertMessages(deps, rows),
      ])
      return made
    } catch (error) {
      if (!(error instanceof QueueMoved)) throw error
      queue = await catalog.requireStored(name)
    }
  }
}

const originOf = ({ principal, now }: RequestContext) => ({ sender: principal.userId, now })

/** @throws InvalidParameterValue, InvalidMessageContents, MissingParameter */
function accept({ attributes }: Queue, input: Sent): NewMessage {
  const { MessageBody: body, DelaySeconds: delay, MessageGroupId: group } = input
  if (body === '') throw missingParameter('MessageBody')
  if (input.MessageDeduplicationId !== undefined)
    throw invalidValue(
      input.MessageDeduplicationId,
      'MessageDeduplicationId',
      'The request include parameter that is not valid for this queue type.',
    )
  if (group !== undefined && !GROUP.test(group))
    throw invalidParameter(
      'MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.',
    )
  if (delay !== undefined && (delay < 0 || delay > 900))
    throw invalidValue(delay, 'DelaySeconds', 'DelaySeconds must be >= 0 and <= 900.')
  requireText(body)
  const accepted = acceptAttributes(input.MessageAttributes)
  const limit = numberOf(attributes, 'MaximumMessageSize')
  if (Buffer.byteLength(body) + attributesSize(accepted) > limit) throw messageTooLong(limit)
  const trace = input.MessageSystemAttributes?.AWSTraceHeader?.StringValue
  return {
    body,
    attributes: accepted,
    ...(delay !== undefined && { delay }),
    ...(trace !== undefined && { trace }),
    ...(group !== undefined && { group }),
  }
}

function digests({ body, attributes, trace }: NewMessage, { id }: SqsMessageRow): SendMessageResult {
  const ofAttributes = attributesDigest(attributes)
  const ofSystem =
    trace === undefined ? undefined : attributesDigest({ AWSTraceHeader: { type: 'String', value: trace } })
  return {
    MessageId: id,
    MD5OfMessageBody: bodyDigest(body),
    ...(ofAttributes !== undefined && { MD5OfMessageAttributes: ofAttributes }),
    ...(ofSystem !== undefined && { MD5OfMessageSystemAttributes: ofSystem }),
  }
}
