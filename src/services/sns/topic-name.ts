import { formatArn, parseArn } from '../../shared/arn.ts'
import { notImplemented } from '../../wire/service-error.ts'
import { invalidParameter } from './errors.ts'

export interface TopicName {
  readonly account: string
  readonly region: string
  readonly name: string
}

const NAME = /^[A-Za-z0-9_-]{1,256}$/

export const topicArn = ({ account, region, name }: TopicName): string =>
  formatArn({ service: 'sns', region, account, resource: name })

/** Undefined for what is no ARN of a topic. */
export function topicOfArn(text: string): TopicName | undefined {
  const arn = parseArn(text)
  if (arn?.service !== 'sns' || !NAME.test(arn.resource)) return undefined
  if (!/^\d{12}$/.test(arn.account) || arn.region === '') return undefined
  return { account: arn.account, region: arn.region, name: arn.resource }
}

/** @throws InvalidParameter; NotImplemented for FIFO topics */
export function requireTopicArn(text: string, member = 'TopicArn'): TopicName {
  const topic = topicOfArn(text)
  if (topic !== undefined) return topic
  if (/^arn:[^:]*:sns:[^:]*:\d{12}:[A-Za-z0-9_-]+\.fifo$/.test(text)) throw notImplemented('The FIFO kind of topics')
  throw invalidParameter(member)
}

/** @throws InvalidParameter; NotImplemented for FIFO topics */
export function requireTopicName(name: string): string {
  if (name.endsWith('.fifo')) throw notImplemented('The FIFO kind of topics')
  if (!NAME.test(name)) throw invalidParameter('Topic Name')
  return name
}

export interface SubscriptionName {
  readonly topic: TopicName
  readonly id: string
}

const SUBSCRIPTION = /^(arn:.*):([0-9a-f]{8}-[0-9a-f-]{27})$/

export const subscriptionArn = (arnOfTopic: string, id: string): string => `${arnOfTopic}:${id}`

/** @throws InvalidParameter for what is no ARN of a subscription */
export function requireSubscriptionArn(text: string): SubscriptionName {
  const [, arn, id] = SUBSCRIPTION.exec(text) ?? []
  const topic = arn === undefined ? undefined : topicOfArn(arn)
  if (topic === undefined || id === undefined)
    throw invalidParameter(
      `SubscriptionArn${text.includes(':') ? '' : ' Reason: An ARN must have at least 6 elements, not 1'}`,
    )
  return { topic, id }
}
