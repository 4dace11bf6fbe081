import { one, statement } from '../../../storage/statement.ts'
import type { QueueName } from '../queue-name.ts'
import type { SqsDeps } from '../sqs-deps.ts'
import type { QueueAttributes } from './queue-attributes.ts'
import { type Queue, queueChanged } from './queue-catalog.ts'

/** Somebody else has changed the queue since it was read. */
class QueueChanged extends Error {
  override readonly name = 'QueueChanged'
}

/**
 * Reads a queue, has it changed and stores what came of it; again when somebody else was faster. `change` throws what the
 * caller is told.
 */
export async function changeQueue(
  { database, catalog, changeFeed, clock }: Pick<SqsDeps, 'database' | 'catalog' | 'changeFeed' | 'clock'>,
  name: QueueName,
  change: (
    queue: Queue,
  ) =>
    | { readonly attributes?: QueueAttributes; readonly tags?: Queue['tags'] }
    | Promise<{ readonly attributes?: QueueAttributes; readonly tags?: Queue['tags'] }>,
): Promise<void> {
  for (;;) {
    const queue = await catalog.requireStored(name)
    const { attributes, tags } = await change(queue)
    const update = database.query
      .updateTable('sqs_queues')
      .set({
        ...(attributes !== undefined && { attributes: JSON.stringify(attributes), modified_at: clock.now() }),
        ...(tags !== undefined && { tags: JSON.stringify(tags) }),
      })
      .where('id', '=', queue.id)
      .where('attributes', '=', JSON.stringify(queue.attributes))
      .where('tags', '=', JSON.stringify(queue.tags))
    try {
      await database.commit([
        statement(
          update,
          one(() => new QueueChanged()),
        ),
        queueChanged(changeFeed, name),
      ])
      return
    } catch (error) {
      if (!(error instanceof QueueChanged)) throw error
    }
  }
}
