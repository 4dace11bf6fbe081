import type {
  GetSubscriptionAttributesInput,
  GetSubscriptionAttributesResponse,
  ListSubscriptionsByTopicInput,
  ListSubscriptionsByTopicResponse,
  ListSubscriptionsInput,
  ListSubscriptionsResponse,
  SetSubscriptionAttributesInput,
} from '../../../model/generated/sns.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { SnsSubscriptionRow } from '../../../storage/schema/sns.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { notAuthorized, subscriptionMissing } from '../errors.ts'
import { effectivePolicy } from '../http/delivery-policy.ts'
import { nextToken, pageStart } from '../page-token.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { requireTopicArn, topicOfArn } from '../topic-name.ts'
import { maskedEndpoint } from './endpoint.ts'
import { type SubscriptionAttributes, withAttributes } from './subscription-attributes.ts'
import { arnOf, findSubscription, showSubscription } from './subscription-store.ts'

const PAGE = 100

/** Only the subscription's owner and the topic's know it. */
async function requireOwn(deps: SnsDeps, arn: string, { account }: RequestContext): Promise<SnsSubscriptionRow> {
  const row = await findSubscription(deps.database, arn)
  if (row === undefined) throw subscriptionMissing()
  if (row.account !== account && topicOfArn(row.topic_arn)?.account !== account) throw notAuthorized()
  return row
}

export async function getSubscriptionAttributes(
  deps: SnsDeps,
  input: GetSubscriptionAttributesInput,
  context: RequestContext,
): Promise<GetSubscriptionAttributesResponse> {
  const row = await requireOwn(deps, input.SubscriptionArn, context)
  const attributes = JSON.parse(row.attributes) as SubscriptionAttributes
  const isCalled = row.protocol === 'http' || row.protocol === 'https'
  const topic = topicOfArn(row.topic_arn)
  const topicPolicy =
    isCalled && topic !== undefined ? (await deps.topics.find(topic))?.attributes.DeliveryPolicy : undefined
  return {
    Attributes: {
      SubscriptionArn: arnOf(row),
      TopicArn: row.topic_arn,
      Owner: row.account,
      Protocol: row.protocol,
      Endpoint: maskedEndpoint(row.endpoint),
      SubscriptionPrincipal: `arn:aws:iam::${row.account}:root`,
      ConfirmationWasAuthenticated: String(row.authenticated === 1),
      PendingConfirmation: String(row.state === 'pending'),
      RawMessageDelivery: 'false',
      ...(attributes.FilterPolicy !== undefined && { FilterPolicyScope: 'MessageAttributes' }),
      ...attributes,
      ...(isCalled && {
        EffectiveDeliveryPolicy: JSON.stringify(effectivePolicy(topicPolicy, attributes.DeliveryPolicy)),
      }),
    },
  }
}

/** Somebody else has changed the subscription since it was read. */
class SubscriptionChanged extends Error {
  override readonly name = 'SubscriptionChanged'
}

export async function setSubscriptionAttributes(
  deps: SnsDeps,
  { SubscriptionArn, AttributeName, AttributeValue = '' }: SetSubscriptionAttributesInput,
  context: RequestContext,
): Promise<undefined> {
  const { database } = deps
  for (;;) {
    const row = await requireOwn(deps, SubscriptionArn, context)
    const before = JSON.parse(row.attributes) as SubscriptionAttributes
    const attributes = withAttributes(before, { [AttributeName]: AttributeValue }, row.protocol)
    const update = database.query
      .updateTable('sns_subscriptions')
      .set({ attributes: JSON.stringify(attributes) })
      .where('id', '=', row.id)
      .where('attributes', '=', row.attributes)
    try {
      await database.commit([
        statement(
          update,
          one(() => new SubscriptionChanged()),
        ),
      ])
      return undefined
    } catch (error) {
      if (!(error instanceof SubscriptionChanged)) throw error
    }
  }
}

export async function listSubscriptions(
  { database }: SnsDeps,
  { NextToken }: ListSubscriptionsInput,
  { account, region }: RequestContext,
): Promise<ListSubscriptionsResponse> {
  const scope = `ListSubscriptions ${account} ${region}`
  const { rows, next } = await readPage(
    database.query
      .selectFrom('sns_subscriptions')
      .selectAll()
      .where((of) => of.and({ account, region }))
      .where('state', '!=', 'deleted'),
    ['id'],
    { size: PAGE, descending: false, after: pageStart(scope, NextToken) },
  )
  return { Subscriptions: rows.map(showSubscription), ...nextToken(scope, next) }
}

export async function listSubscriptionsByTopic(
  { database, topics }: SnsDeps,
  { TopicArn, NextToken }: ListSubscriptionsByTopicInput,
): Promise<ListSubscriptionsByTopicResponse> {
  const topic = await topics.require(requireTopicArn(TopicArn))
  const scope = `ListSubscriptionsByTopic ${topic.id}`
  const { rows, next } = await readPage(
    database.query
      .selectFrom('sns_subscriptions')
      .selectAll()
      .where('topic_id', '=', topic.id)
      .where('state', '!=', 'deleted'),
    ['id'],
    { size: PAGE, descending: false, after: pageStart(scope, NextToken) },
  )
  return { Subscriptions: rows.map(showSubscription), ...nextToken(scope, next) }
}
