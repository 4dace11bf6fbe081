import type {
  GetTopicAttributesInput,
  GetTopicAttributesResponse,
  ListTopicsInput,
  ListTopicsResponse,
  SetTopicAttributesInput,
} from '../../../model/generated/sns.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import { effectiveTopicPolicy } from '../http/delivery-policy.ts'
import { nextToken, pageStart } from '../page-token.ts'
import { defaultPolicy } from '../policies/default-policy.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { requireTopicArn, topicArn } from '../topic-name.ts'
import { changeTopic } from './change-topic.ts'
import { withAttributes } from './topic-attributes.ts'

const PAGE = 100

export async function getTopicAttributes(
  deps: SnsDeps,
  input: GetTopicAttributesInput,
): Promise<GetTopicAttributesResponse> {
  const { id, arn, account, attributes } = await deps.topics.requireStored(requireTopicArn(input.TopicArn))
  const states = await deps.database.query
    .selectFrom('sns_subscriptions')
    .where('topic_id', '=', id)
    .groupBy('state')
    .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
    .execute()
  const count = (state: string): string => String(states.find((one) => one.state === state)?.count ?? 0)
  const { Policy, DeliveryPolicy, DisplayName = '', ...others } = attributes
  return {
    Attributes: {
      TopicArn: arn,
      Owner: account,
      Policy: Policy ?? defaultPolicy(arn, account),
      DisplayName,
      ...others,
      ...(DeliveryPolicy !== undefined && { DeliveryPolicy }),
      EffectiveDeliveryPolicy: JSON.stringify(effectiveTopicPolicy(DeliveryPolicy)),
      SubscriptionsConfirmed: count('confirmed'),
      SubscriptionsPending: count('pending'),
      SubscriptionsDeleted: count('deleted'),
    },
  }
}

export async function setTopicAttributes(deps: SnsDeps, input: SetTopicAttributesInput): Promise<undefined> {
  const { AttributeName, AttributeValue = '' } = input
  await changeTopic(deps, requireTopicArn(input.TopicArn), ({ attributes }) => ({
    attributes: withAttributes(attributes, { [AttributeName]: AttributeValue }),
  }))
  return undefined
}

export async function listTopics(
  { database }: SnsDeps,
  { NextToken }: ListTopicsInput,
  { account, region }: RequestContext,
): Promise<ListTopicsResponse> {
  const scope = `ListTopics ${account} ${region}`
  const { rows, next } = await readPage(
    database.query
      .selectFrom('sns_topics')
      .select(['account', 'region', 'name'])
      .where((of) => of.and({ account, region })),
    ['name'],
    { size: PAGE, descending: false, after: pageStart(scope, NextToken) },
  )
  return { Topics: rows.map((row) => ({ TopicArn: topicArn(row) })), ...nextToken(scope, next) }
}
