import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import { FeedCache } from '../../../storage/feed-cache.ts'
import { topicMissing } from '../errors.ts'
import { type TopicName, topicArn, topicOfArn } from '../topic-name.ts'
import type { TopicAttributes } from './topic-attributes.ts'

/** What workers cache about topics: the key is the ARN of one that has changed. */
const TOPICS = 'sns-topics'

/** A topic as it is kept in memory. */
export interface Topic extends TopicName {
  readonly id: string
  readonly arn: string
  readonly attributes: TopicAttributes
  readonly tags: Readonly<Record<string, string>>
}

/** Belongs into every unit that makes, changes or removes a topic. */
export const topicChanged = (changeFeed: ChangeFeed, topic: TopicName): Statement =>
  changeFeed.announce({ topic: TOPICS, key: topicArn(topic) })

/** Topics in memory: every publication asks for one. */
export class TopicCatalog {
  readonly #database: Database
  readonly #known: FeedCache<Topic | undefined>

  constructor(database: Database, changeFeed: ChangeFeed) {
    this.#database = database
    this.#known = new FeedCache(changeFeed, TOPICS, (arn) => this.read(topicOfArn(arn) as TopicName))
  }

  /** What is known of it; at once where it can be. */
  find(name: TopicName): Topic | undefined | Promise<Topic | undefined> {
    return this.#known.find(topicArn(name))
  }

  /** @throws NotFound */
  async require(name: TopicName): Promise<Topic> {
    // Another worker may have made it within the last milliseconds.
    return (await this.find(name)) ?? this.requireStored(name)
  }

  /** As it is stored. @throws NotFound */
  async requireStored(name: TopicName): Promise<Topic> {
    const topic = await this.read(name)
    if (topic === undefined) throw topicMissing()
    return topic
  }

  async read({ account, region, name }: TopicName): Promise<Topic | undefined> {
    const row = await this.#database.query
      .selectFrom('sns_topics')
      .selectAll()
      .where((of) => of.and({ account, region, name }))
      .executeTakeFirst()
    if (row === undefined) return undefined
    return {
      ...{ account, region, name, id: row.id, arn: topicArn(row) },
      attributes: JSON.parse(row.attributes) as TopicAttributes,
      tags: JSON.parse(row.tags) as Record<string, string>,
    }
  }
}
