import type { CreateTopicInput, CreateTopicResponse } from '../../../model/generated/sns.ts'
import { randomText } from '../../../shared/ids.ts'
import { one, statement } from '../../../storage/statement.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { tagsDiffer, topicExists } from '../errors.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { withTags } from '../tags/tag-list.ts'
import { requireTopicName, topicArn } from '../topic-name.ts'
import { withAttributes } from './topic-attributes.ts'
import { topicChanged } from './topic-catalog.ts'

/** The topic is there already: whether it is as it is asked for is found out then. */
class TopicExists extends Error {
  override readonly name = 'TopicExists'
}

/** A topic that is there already, with the same attributes and tags as far as they are given, is what was asked for. */
export async function createTopic(
  deps: SnsDeps,
  input: CreateTopicInput,
  context: RequestContext,
): Promise<CreateTopicResponse> {
  if (input.DataProtectionPolicy !== undefined) throw notImplemented('Data protection policies of topics')
  const { database, topics, changeFeed } = deps
  const name = { account: context.account, region: context.region, name: requireTopicName(input.Name) }
  const attributes = withAttributes({}, input.Attributes ?? {})
  const tags = withTags({}, input.Tags ?? [])
  const row = {
    ...{ id: randomText(20), ...name, created_at: context.now },
    ...{ attributes: JSON.stringify(attributes), tags: JSON.stringify(tags) },
  }
  try {
    await database.commit([
      statement(
        database.query
          .insertInto('sns_topics')
          .values(row)
          .onConflict((conflict) => conflict.doNothing()),
        one(() => new TopicExists()),
      ),
      topicChanged(changeFeed, name),
    ])
  } catch (error) {
    if (!(error instanceof TopicExists)) throw error
    const existing = await topics.requireStored(name)
    const different = Object.keys(attributes).find((key) => attributes[key] !== existing.attributes[key])
    if (different !== undefined) throw topicExists(different)
    if (Object.entries(tags).some(([key, value]) => existing.tags[key] !== value)) throw tagsDiffer()
  }
  return { TopicArn: topicArn(name) }
}
