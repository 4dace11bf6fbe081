import type { Principal } from '../../access/principal.ts'
import { topicMissing } from './errors.ts'
import type { AcceptedNotification, Notification, OpenTopic, SnsFacade } from './facade.ts'
import { directDelivery } from './fan-out/direct-delivery.ts'
import { acceptMessage } from './publishing/accept-message.ts'
import { publicationStatements, requireTopic } from './publishing/publication-rows.ts'
import type { SnsDeps } from './sns-deps.ts'
import { requireTopicArn, topicArn } from './topic-name.ts'
import type { Topic } from './topics/topic-catalog.ts'

/** SNS for the other services. */
export function createSnsFacade(deps: SnsDeps): SnsFacade {
  const authorizePublish = async (principal: Principal, arn: string): Promise<void> => {
    // In one spelling, so that no other way to write it passes by a policy.
    const resource = topicArn(requireTopicArn(arn))
    await deps.authorizer.require({ principal, action: 'sns:Publish', resource })
  }
  const openTopic = async (principal: Principal, arn: string): Promise<OpenTopic> => {
    await authorizePublish(principal, arn)
    return opened(deps, await deps.topics.require(requireTopicArn(arn)))
  }
  return {
    authorizePublish,
    openTopic,
    async publish(principal, arn, notification) {
      const { messageId, statements } = (await openTopic(principal, arn)).publication(notification)
      await deps.database.commit(statements)
      return messageId
    },
  }
}

/** A topic that somebody has been let into. */
export const opened = (deps: SnsDeps, topic: Topic): OpenTopic => ({
  accept,
  publications: (accepted, gone = topicMissing) => [
    requireTopic(deps, topic, gone),
    ...publicationStatements(
      deps,
      topic,
      accepted.map(({ content }) => content),
      deps.clock.now(),
    ).statements,
  ],
  async directDelivery(accepted, gone, changed) {
    const contents = accepted.map(({ content }) => content)
    const delivered = await directDelivery(deps, topic.id, contents, changed)
    return delivered === undefined ? undefined : [requireTopic(deps, topic, gone), ...delivered]
  },
  publication(notification, gone = topicMissing) {
    const content = accept(notification).content
    const { ids, statements } = publicationStatements(deps, topic, [content], deps.clock.now())
    return { messageId: ids[0] as string, statements: [requireTopic(deps, topic, gone), ...statements] }
  },
})

function accept({ message, subject, attributes = {} }: Notification): AcceptedNotification {
  const given = Object.entries(attributes).map(([name, { type, value }]) => [
    name,
    type.startsWith('Binary')
      ? { DataType: type, BinaryValue: Buffer.from(value, 'base64') }
      : { DataType: type, StringValue: value },
  ])
  const { content } = acceptMessage({
    Message: message,
    Subject: subject,
    MessageAttributes: Object.fromEntries(given),
  })
  return { content }
}
