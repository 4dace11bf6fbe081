import type { Message, ReceiveMessageRequest, ReceiveMessageResult } from '../../../model/generated/sqs.ts'
import type { SqsMessageRow } from '../../../storage/schema/sqs.ts'
import type { RequestContext } from '../../operation.ts'
import { invalidValue } from '../errors.ts'
import { attributesDigest, bodyDigest, type StoredAttributes, showAttribute } from '../messages/message-attributes.ts'
import { unpackContent } from '../messages/message-content.ts'
import { queueOfUrl } from '../queue-name.ts'
import { numberOf } from '../queues/queue-attributes.ts'
import type { Queue } from '../queues/queue-catalog.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { newNonce, sealReceipt } from './receipt-handle.ts'
import { takeMessages } from './take-messages.ts'

/** Receives up to ten messages; waits for the first when there are none and the call or the queue says so. */
export async function receiveMessage(
  deps: SqsDeps,
  input: ReceiveMessageRequest,
  context: RequestContext,
): Promise<ReceiveMessageResult> {
  const limit = within(input.MaxNumberOfMessages ?? 1, 'MaxNumberOfMessages', 1, 10)
  const name = queueOfUrl(input.QueueUrl, context.region)
  let queue = await deps.catalog.require(name)
  const timeout = within(
    input.VisibilityTimeout ?? numberOf(queue.attributes, 'VisibilityTimeout'),
    'VisibilityTimeout',
    0,
    43_200,
  )
  const seconds = within(
    input.WaitTimeSeconds ?? numberOf(queue.attributes, 'ReceiveMessageWaitTimeSeconds'),
    'WaitTimeSeconds',
    0,
    20,
  )
  const deadline = performance.now() + seconds * 1_000
  /** The queue that this call has been woken to take from. */
  let wokenFor: string | undefined
  const settle = () => {
    if (wokenFor !== undefined) deps.arrivals.taken(wokenFor)
    wokenFor = undefined
  }
  try {
    for (;;) {
      const now = deps.clock.now()
      const nonce = newNonce()
      const rows = await takeMessages(deps, queue, { limit, nonce, now, visibleAgainAt: now + timeout * 1_000 })
      settle()
      if (rows.length > 0) return { Messages: rows.map((row) => show(deps, queue, row, input)) }
      const left = deadline - performance.now()
      if (left <= 0 || context.signal.aborted || deps.arrivals.closed) return {}
      if (await deps.arrivals.wait(queue.id, left, context.signal)) wokenFor = queue.id
      // Nobody would see them: they are for whoever waits behind.
      if (context.signal.aborted) return {}
      queue = await deps.catalog.require(name)
    }
  } finally {
    settle()
  }
}

function within(value: number, parameter: string, least: number, most: number): number {
  if (value < least || value > most)
    throw invalidValue(value, parameter, `Must be between ${least} and ${most}, if provided.`)
  return value
}

function show({ box }: SqsDeps, queue: Queue, row: SqsMessageRow, input: ReceiveMessageRequest): Message {
  const { body, attributes, trace, group } = unpackContent(box, row)
  const asked = new Set([...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])])
  const known: Readonly<Record<string, string | undefined>> = {
    SenderId: row.sender,
    SentTimestamp: String(row.sent_at),
    ApproximateReceiveCount: String(row.receive_count),
    ApproximateFirstReceiveTimestamp: String(row.first_received_at),
    AWSTraceHeader: trace,
    MessageGroupId: group,
    DeadLetterQueueSourceArn: row.source_arn ?? undefined,
  }
  const shown = Object.entries(known).filter(
    ([name, value]) => value !== undefined && (asked.has('All') || asked.has(name)),
  ) as [string, string][]
  const wanted = wantedAttributes(attributes, input.MessageAttributeNames ?? [])
  const digest = attributesDigest(wanted)
  return {
    MessageId: row.id,
    ReceiptHandle: sealReceipt(box, queue.arn, { messageId: row.id, nonce: row.receipt as string }),
    MD5OfBody: bodyDigest(body),
    Body: body,
    ...(shown.length > 0 && { Attributes: Object.fromEntries(shown) }),
    ...(digest !== undefined && {
      MD5OfMessageAttributes: digest,
      MessageAttributes: Object.fromEntries(
        Object.entries(wanted).map(([name, attribute]) => [name, showAttribute(attribute)]),
      ),
    }),
  }
}

/** By name, by `prefix.*`, or all of them by `All` or `.*`. */
function wantedAttributes(attributes: StoredAttributes, names: readonly string[]): StoredAttributes {
  const prefixes = names.filter((name) => name.endsWith('.*')).map((name) => name.slice(0, -2))
  const matches = (name: string): boolean =>
    names.includes('All') || names.includes(name) || prefixes.some((prefix) => name.startsWith(prefix))
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => matches(name)))
}
