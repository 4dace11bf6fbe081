import { toXmlText } from '../../../shared/xml-text.ts'
import type { Statement } from '../../../storage/database.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { QueuedMessage } from '../../sqs/facade.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { maskedEndpoint } from '../subscriptions/endpoint.ts'
import { deadLetterQueue } from '../subscriptions/subscription-attributes.ts'
import type { Subscription } from '../subscriptions/subscription-catalog.ts'
import { actingFor, SNS } from './confirmation.ts'

/** Why messages could not be delivered. */
export interface Undelivered {
  readonly code: string
  readonly reason: string
}

/**
 * The statements that put what cannot be delivered into the subscription's dead-letter queue; none where there is no such
 * queue, or it does not let SNS in: then the server's log says what is lost. Source: "Amazon SNS dead-letter queues".
 */
export async function deadLetters(
  { sqs, log }: Pick<SnsDeps, 'sqs' | 'log'>,
  subscription: Subscription,
  messages: readonly QueuedMessage[],
  { code, reason }: Undelivered,
): Promise<readonly Statement[]> {
  const arn = deadLetterQueue(subscription.attributes)
  const about = {
    subscription: subscription.arn,
    endpoint: maskedEndpoint(subscription.endpoint).split('?')[0],
    messages: messages.length,
    code,
    reason,
  }
  if (arn === undefined) {
    log.warn(about, 'messages of a subscription could not be delivered and are given up')
    return []
  }
  try {
    const queue = await sqs.openQueue(SNS, arn, actingFor(subscription.topicArn))
    const why = {
      ErrorCode: { type: 'String', value: code },
      ErrorMessage: { type: 'String', value: printable(reason) },
    }
    return queue.enqueue(
      messages.map(({ body, attributes, ...others }) => ({
        ...others,
        body: toXmlText(body),
        attributes: { ...Object.fromEntries(Object.entries(attributes).map(readable)), ...why },
      })),
    )
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status >= 500) throw error
    log.warn(
      { ...about, deadLetterQueue: arn, refusal: error.message },
      'messages of a subscription could not be delivered, nor put into its dead-letter queue, and are given up',
    )
    return []
  }
}

/** What a queue refuses because of its characters would make an answer of the query protocol that no client can read. */
const readable = ([name, { type, value }]: [string, { readonly type: string; readonly value: string }]) =>
  [name, { type, value: toXmlText(value) }] as const

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 1_000) || '?'
