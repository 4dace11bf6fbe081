import type { SnsDeliveryRow, SnsSubscriptionRow } from '../../../storage/schema/sns.ts'
import type { DeliveryPolicy } from '../http/delivery-policy.ts'
import { messageFor } from '../publishing/publication.ts'
import type { SnsDeps } from '../sns-deps.ts'
import type { Subscription } from '../subscriptions/subscription-catalog.ts'
import { topicOfArn } from '../topic-name.ts'
import { type ConfirmationType, confirmationText } from './confirmation.ts'
import { Envelopes, notificationText } from './envelope.ts'
import { publicationOf } from './fan-out.ts'

export interface HttpMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const PLAIN = 'text/plain; charset=UTF-8'

/**
 * What a web server is sent. Source: "HTTP/HTTPS headers" and "HTTP/HTTPS notification JSON format" (Amazon SNS Developer
 * Guide). Undefined when there is nothing to be said any more.
 */
export async function httpMessage(
  deps: SnsDeps,
  row: SnsSubscriptionRow,
  subscription: Subscription,
  delivery: SnsDeliveryRow,
  policy: DeliveryPolicy,
): Promise<HttpMessage | undefined> {
  const topic = topicOfArn(row.topic_arn)
  const attributes = topic === undefined ? undefined : (await deps.topics.find(topic))?.attributes
  const version = attributes?.SignatureVersion === '2' ? '2' : '1'
  if (delivery.publication_id === null) {
    const type = delivery.type as ConfirmationType
    if (row.state !== (type === 'SubscriptionConfirmation' ? 'pending' : 'deleted')) return undefined
    const { id, text } = await confirmationText(deps, row, type, version, deps.clock.now())
    const arn = type === 'UnsubscribeConfirmation' ? subscription.arn : undefined
    return { headers: headersOf(type, id, row.topic_arn, arn, PLAIN), body: text }
  }
  if (row.state !== 'confirmed') return undefined
  const stored = await deps.database.query
    .selectFrom('sns_publications')
    .select(['id', 'content', 'published_at'])
    .where('id', '=', delivery.publication_id)
    .executeTakeFirst()
  if (stored === undefined) return undefined
  const publication = publicationOf(stored, row.topic_arn)
  const type = policy.requestPolicy.headerContentType
  const headers = headersOf('Notification', publication.id, row.topic_arn, subscription.arn, type)
  if (subscription.isRaw)
    return { headers: { ...headers, 'x-amz-sns-rawdelivery': 'true' }, body: messageFor(publication, row.protocol) }
  const notification = await new Envelopes(deps).notification(publication, row.protocol, version)
  return { headers, body: notificationText(deps, notification, subscription.arn, publication.attributes) }
}

const headersOf = (
  messageType: string,
  messageId: string,
  topicArn: string,
  subscriptionArn: string | undefined,
  contentType: string,
): Readonly<Record<string, string>> => ({
  'x-amz-sns-message-type': messageType,
  'x-amz-sns-message-id': messageId,
  'x-amz-sns-topic-arn': topicArn,
  ...(subscriptionArn !== undefined && { 'x-amz-sns-subscription-arn': subscriptionArn }),
  'Content-Type': contentType,
  'User-Agent': 'Amazon Simple Notification Service Agent',
  'Accept-Encoding': 'identity',
})
