import type { DeleteQueueRequest, PurgeQueueRequest } from '../../../model/generated/sqs.ts'
import { randomText } from '../../../shared/ids.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { purgeInProgress, queueMissing } from '../errors.ts'
import { queueOfUrl } from '../queue-name.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import { queueChanged } from './queue-catalog.ts'
import { SWEEP } from './sweep-messages.ts'

const BETWEEN_PURGES = 60_000

/** Its messages go with it; how many they are takes no time here: they are swept away in the background. */
export async function deleteQueue(
  deps: SqsDeps,
  input: DeleteQueueRequest,
  context: RequestContext,
): Promise<undefined> {
  const { database, catalog, changeFeed, queue: work } = deps
  const queue = await catalog.requireStored(queueOfUrl(input.QueueUrl, context.region))
  await database.commit([
    statement(
      database.query.deleteFrom('sqs_queues').where('id', '=', queue.id),
      one(() => queueMissing()),
    ),
    queueChanged(changeFeed, queue),
    work.enqueue(SWEEP, queue.id),
  ])
  return undefined
}

/** What is in the queue stays behind under its old id. Messages in flight go too. */
export async function purgeQueue(deps: SqsDeps, input: PurgeQueueRequest, context: RequestContext): Promise<undefined> {
  const { database, catalog, changeFeed, queue: work } = deps
  const queue = await catalog.requireStored(queueOfUrl(input.QueueUrl, context.region))
  if (queue.purgedAt > context.now - BETWEEN_PURGES) throw purgeInProgress(queue.name)
  await database.commit([
    statement(
      database.query
        .updateTable('sqs_queues')
        .set({ id: randomText(20), purged_at: context.now })
        .where('id', '=', queue.id),
      one(() => purgeInProgress(queue.name)),
    ),
    queueChanged(changeFeed, queue),
    work.enqueue(SWEEP, queue.id),
  ])
  return undefined
}
