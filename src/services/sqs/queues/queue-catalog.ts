import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { FeedCache } from '../../../storage/feed-cache.ts'
import { queueMissing } from '../errors.ts'
import { type QueueName, queueArn, queueOfArn } from '../queue-name.ts'
import type { QueueAttributes } from './queue-attributes.ts'

/** What workers cache about queues: the key is the ARN of one that has changed. */
export const QUEUES = 'sqs-queues'

/** A queue as it is kept in memory. */
export interface Queue extends QueueName {
  readonly id: string
  readonly arn: string
  readonly attributes: QueueAttributes
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly modifiedAt: number
  readonly purgedAt: number
}

/** Belongs into every unit that makes, changes, purges or removes a queue. */
export const queueChanged = (changeFeed: ChangeFeed, queue: QueueName): Statement =>
  changeFeed.announce({ topic: QUEUES, key: queueArn(queue) })

/** Queues in memory: every message asks for one. */
export class QueueCatalog {
  readonly #database: Database
  readonly #known: FeedCache<Queue | undefined>

  constructor(database: Database, changeFeed: ChangeFeed) {
    this.#database = database
    this.#known = new FeedCache(changeFeed, QUEUES, (arn) => this.read(queueOfArn(arn) as QueueName))
  }

  /** What is known of it; at once where it can be. */
  find(name: QueueName): Queue | undefined | Promise<Queue | undefined> {
    return this.#known.find(queueArn(name))
  }

  /** @throws QueueDoesNotExist */
  async require(name: QueueName): Promise<Queue> {
    // Another worker may have made it within the last milliseconds.
    return (await this.find(name)) ?? this.requireStored(name)
  }

  /** As it is stored. @throws QueueDoesNotExist */
  async requireStored(name: QueueName): Promise<Queue> {
    const queue = await this.read(name)
    if (queue === undefined) throw queueMissing()
    return queue
  }

  /** As it is stored. */
  async read({ account, region, name }: QueueName): Promise<Queue | undefined> {
    const row = await this.#database.query
      .selectFrom('sqs_queues')
      .selectAll()
      .where((of) => of.and({ account, region, name }))
      .executeTakeFirst()
    if (row === undefined) return undefined
    return {
      ...{ account, region, name, id: row.id, arn: queueArn(row) },
      attributes: JSON.parse(row.attributes) as QueueAttributes,
      tags: JSON.parse(row.tags) as Record<string, string>,
      createdAt: row.created_at,
      modifiedAt: row.modified_at,
      purgedAt: row.purged_at,
    }
  }
}
