import type { DeleteTopicInput } from '../../../model/generated/sns.ts'
import { statement } from '../../../storage/statement.ts'
import { DELIVER, FAN_OUT } from '../fan-out/fan-out-work.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { requireTopicArn } from '../topic-name.ts'
import { topicChanged } from './topic-catalog.ts'

/**
 * Its subscriptions go with it, and what has not been delivered yet. A topic that is not there is deleted, too, as in AWS.
 */
export async function deleteTopic(deps: SnsDeps, input: DeleteTopicInput): Promise<undefined> {
  const { database, topics, changeFeed, queue } = deps
  const topic = await topics.read(requireTopicArn(input.TopicArn))
  if (topic === undefined) return undefined
  const called = await database.query
    .selectFrom('sns_subscriptions')
    .select('id')
    .where('topic_id', '=', topic.id)
    .where('protocol', 'in', ['http', 'https'])
    .execute()
  await database.commit([
    statement(database.query.deleteFrom('sns_topics').where('id', '=', topic.id)),
    statement(database.query.deleteFrom('sns_subscriptions').where('topic_id', '=', topic.id)),
    topicChanged(changeFeed, topic),
    // They find no topic and no subscription, and remove what is left of them.
    queue.enqueue(FAN_OUT, topic.id),
    ...called.map(({ id }) => queue.enqueue(DELIVER, id)),
  ])
  return undefined
}
