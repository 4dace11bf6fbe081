import { servicePrincipal } from '../../../access/principals.ts'
import { requestId } from '../../../shared/ids.ts'
import type { Statement } from '../../../storage/database.ts'
import type { SnsSubscriptionRow } from '../../../storage/schema/sns.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { SignatureVersion } from '../signing/signer.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { issueToken } from '../subscriptions/subscription-token.ts'
import { subscriptionArn, topicOfArn } from '../topic-name.ts'
import { signature } from './envelope.ts'

export const SNS = servicePrincipal('sns.amazonaws.com')

/** For which topic SNS acts, as the policies of queues and functions may ask. */
export function actingFor(topicArn: string): Readonly<Record<string, string>> {
  return { 'aws:sourcearn': topicArn, 'aws:sourceaccount': topicOfArn(topicArn)?.account ?? '' }
}

export type ConfirmationType = 'SubscriptionConfirmation' | 'UnsubscribeConfirmation'

type Deps = Pick<SnsDeps, 'box' | 'signer' | 'endpointUrl'>

/**
 * The message that tells an endpoint that its subscription begins or has ended, with the way to confirm or to come back.
 * Source: "HTTP/HTTPS subscription confirmation JSON format" and the page on its end (Amazon SNS Developer Guide).
 */
export async function confirmationText(
  deps: Deps,
  row: SnsSubscriptionRow,
  type: ConfirmationType,
  version: SignatureVersion,
  now: number,
): Promise<{ readonly id: string; readonly text: string }> {
  const token = issueToken(deps.box, row.id, now)
  const arn = encodeURIComponent(row.topic_arn)
  const content = {
    Type: type,
    MessageId: requestId(),
    Token: token,
    TopicArn: row.topic_arn,
    Message:
      type === 'SubscriptionConfirmation'
        ? `You have chosen to subscribe to the topic ${row.topic_arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`
        : `You have chosen to deactivate subscription ${subscriptionArn(row.topic_arn, row.id)}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`,
    SubscribeURL: `${deps.endpointUrl}/?Action=ConfirmSubscription&TopicArn=${arn}&Token=${token}`,
    Timestamp: new Date(now).toISOString(),
  }
  const text = JSON.stringify({ ...content, ...(await signature(deps, content, version)) })
  return { id: content.MessageId, text }
}

/** Asks a queue of another account by a message; one that does not let SNS in is not asked. */
export async function queueConfirmation(
  deps: Pick<SnsDeps, 'box' | 'signer' | 'endpointUrl' | 'sqs' | 'topics'>,
  row: SnsSubscriptionRow,
  now: number,
): Promise<readonly Statement[]> {
  const name = topicOfArn(row.topic_arn)
  const topic = name === undefined ? undefined : await deps.topics.find(name)
  const version = topic?.attributes.SignatureVersion === '2' ? '2' : '1'
  const { text } = await confirmationText(deps, row, 'SubscriptionConfirmation', version, now)
  try {
    const queue = await deps.sqs.openQueue(SNS, row.endpoint, actingFor(row.topic_arn))
    return queue.enqueue([{ body: text, attributes: {} }])
  } catch (error) {
    if (error instanceof ServiceError && error.status < 500) return []
    throw error
  }
}
