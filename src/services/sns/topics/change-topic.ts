import { one, statement } from '../../../storage/statement.ts'
import type { SnsDeps } from '../sns-deps.ts'
import type { TopicName } from '../topic-name.ts'
import type { TopicAttributes } from './topic-attributes.ts'
import { type Topic, topicChanged } from './topic-catalog.ts'

/** Somebody else has changed the topic since it was read. */
class TopicChanged extends Error {
  override readonly name = 'TopicChanged'
}

/**
 * Reads a topic, has it changed and stores what came of it; again when somebody else was faster. `change` throws what the
 * caller is told.
 */
export async function changeTopic(
  { database, topics, changeFeed }: Pick<SnsDeps, 'database' | 'topics' | 'changeFeed'>,
  name: TopicName,
  change: (topic: Topic) => { readonly attributes?: TopicAttributes; readonly tags?: Topic['tags'] },
): Promise<void> {
  for (;;) {
    const topic = await topics.requireStored(name)
    const { attributes = topic.attributes, tags = topic.tags } = change(topic)
    const update = database.query
      .updateTable('sns_topics')
      .set({ attributes: JSON.stringify(attributes), tags: JSON.stringify(tags) })
      .where('id', '=', topic.id)
      .where('attributes', '=', JSON.stringify(topic.attributes))
      .where('tags', '=', JSON.stringify(topic.tags))
    try {
      await database.commit([
        statement(
          update,
          one(() => new TopicChanged()),
        ),
        topicChanged(changeFeed, name),
      ])
      return
    } catch (error) {
      if (!(error instanceof TopicChanged)) throw error
    }
  }
}
