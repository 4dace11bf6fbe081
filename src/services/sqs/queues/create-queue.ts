import type { CreateQueueRequest, CreateQueueResult } from '../../../model/generated/sqs.ts'
import { randomText } from '../../../shared/ids.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { queueExists, queueMissing } from '../errors.ts'
import { queueUrl, requireQueueName } from '../queue-name.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { withTags } from '../tags/tag-list.ts'
import { numberOf, type QueueAttributes, withAttributes } from './queue-attributes.ts'
import { queueChanged } from './queue-catalog.ts'
import { requireRedriveTarget } from './redrive-target.ts'

/** A queue that is there already, with the same attributes as far as they are given, is what was asked for. */
export async function createQueue(
  deps: SqsDeps,
  input: CreateQueueRequest,
  context: RequestContext,
): Promise<CreateQueueResult> {
  const { database, catalog, changeFeed } = deps
  const { account, region, now } = context
  if (input.Attributes?.FifoQueue === 'true') requireQueueName('queue.fifo')
  const name = { account, region, name: requireQueueName(input.QueueName) }
  const attributes = withAttributes({}, input.Attributes ?? {})
  const tags = withTags({}, input.tags ?? {})
  await requireRedriveTarget(deps, name, attributes)
  const row = {
    ...{ id: randomText(20), ...name, attributes: JSON.stringify(attributes), tags: JSON.stringify(tags) },
    ...{ created_at: now, modified_at: now, purged_at: 0 },
  }
  class Exists extends Error {}
  try {
    await database.commit([
      statement(
        database.query
          .insertInto('sqs_queues')
          .values(row)
          .onConflict((conflict) => conflict.doNothing()),
        one(() => new Exists()),
      ),
      queueChanged(changeFeed, name),
    ])
  } catch (error) {
    if (!(error instanceof Exists)) throw error
    const existing = await catalog.read(name)
    if (existing === undefined) throw queueMissing()
    const different = Object.keys(attributes).find((key) => shown(attributes, key) !== shown(existing.attributes, key))
    if (different !== undefined) throw queueExists(different)
  }
  return { QueueUrl: queueUrl(context.baseUrl, name) }
}

const NUMBERS =
  /^(?:DelaySeconds|MaximumMessageSize|MessageRetentionPeriod|ReceiveMessageWaitTimeSeconds|VisibilityTimeout)$/

const shown = (attributes: QueueAttributes, name: string): string | number | undefined =>
  NUMBERS.test(name)
    ? numberOf(attributes, name)
    : (attributes[name] ?? (name === 'SqsManagedSseEnabled' ? 'true' : undefined))
