import type {
  GetQueueAttributesRequest,
  GetQueueAttributesResult,
  SetQueueAttributesRequest,
} from '../../../model/generated/sqs.ts'
import type { RequestContext } from '../../operation.ts'
import { unknownAttribute } from '../errors.ts'
import { queueOfUrl } from '../queue-name.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { changeQueue } from './change-queue.ts'
import { countMessages } from './count-messages.ts'
import { numberOf, withAttributes } from './queue-attributes.ts'
import { requireRedriveTarget } from './redrive-target.ts'

export async function setQueueAttributes(
  deps: SqsDeps,
  input: SetQueueAttributesRequest,
  context: RequestContext,
): Promise<undefined> {
  const name = queueOfUrl(input.QueueUrl, context.region)
  await changeQueue(deps, name, async (queue) => {
    const attributes = withAttributes(queue.attributes, input.Attributes)
    if (input.Attributes.RedrivePolicy !== undefined) await requireRedriveTarget(deps, name, attributes)
    return { attributes }
  })
  return undefined
}

const NUMBERS = [
  'VisibilityTimeout',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'DelaySeconds',
  'ReceiveMessageWaitTimeSeconds',
]
const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const
const TEXTS = ['Policy', 'RedrivePolicy', 'RedriveAllowPolicy']
const OTHERS = ['QueueArn', 'CreatedTimestamp', 'LastModifiedTimestamp', 'SqsManagedSseEnabled']
/** Attributes that queues of this server never have. */
const ABSENT = [
  'All',
  ...['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit'],
  ...['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds'],
]

/** The counts are exact at the moment they are made. */
export async function getQueueAttributes(
  deps: SqsDeps,
  { QueueUrl, AttributeNames = [] }: GetQueueAttributesRequest,
  context: RequestContext,
): Promise<GetQueueAttributesResult> {
  const known: readonly string[] = [...NUMBERS, ...COUNTS, ...TEXTS, ...OTHERS]
  const unknown = AttributeNames.find((name) => !known.includes(name) && !ABSENT.includes(name))
  if (unknown !== undefined) throw unknownAttribute(unknown)
  const queue = await deps.catalog.requireStored(queueOfUrl(QueueUrl, context.region))
  const asked = AttributeNames.some((name) => name === 'All') ? known : AttributeNames
  if (asked.length === 0) return {}
  const counts = COUNTS.some((name) => asked.includes(name)) ? await countMessages(deps, queue) : undefined
  const { attributes } = queue
  const value = (name: string): string | undefined => {
    if (NUMBERS.includes(name)) return String(numberOf(attributes, name))
    if (TEXTS.includes(name)) return attributes[name]
    switch (name) {
      case 'ApproximateNumberOfMessages':
        return String(counts?.visible)
      case 'ApproximateNumberOfMessagesNotVisible':
        return String(counts?.inFlight)
      case 'ApproximateNumberOfMessagesDelayed':
        return String(counts?.delayed)
      case 'QueueArn':
        return queue.arn
      case 'CreatedTimestamp':
        return String(Math.floor(queue.createdAt / 1_000))
      case 'LastModifiedTimestamp':
        return String(Math.floor(queue.modifiedAt / 1_000))
      case 'SqsManagedSseEnabled':
        return attributes.SqsManagedSseEnabled ?? 'true'
      default:
        return undefined
    }
  }
  const shown = asked.map((name) => [name, value(name)] as const).filter(([, text]) => text !== undefined)
  return shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) as Record<string, string> }
}
