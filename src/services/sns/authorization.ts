import type { SnsOperation, SnsOperations } from '../../model/generated/sns.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import type { RequestContext } from '../operation.ts'
import { publishTarget } from './publishing/publish.ts'
import { requireTopicArn, topicArn } from './topic-name.ts'

type Inputs = { readonly [Name in SnsOperation]: NeedsOf<SnsOperations[Name]['input']> }
type Conditions = NonNullable<AccessNeed['conditions']>

/** As policies name the topic, in one spelling. */
const onTopic =
  (action: SnsOperation) =>
  ({ TopicArn }: { readonly TopicArn: string }): readonly AccessNeed[] => [
    { action: `sns:${action}`, resource: topicArn(requireTopicArn(TopicArn)) },
  ]

/** No topic's policy opens these to another account. */
const onOwnTopic =
  (action: SnsOperation) =>
  (arn: string, { account }: RequestContext, conditions: Conditions = {}): readonly AccessNeed[] => {
    const topic = requireTopicArn(arn, 'ResourceArn')
    const need = { action: `sns:${action}`, resource: topicArn(topic), conditions }
    return [topic.account === account ? need : { ...need, resourceSide: { account: topic.account } }]
  }

const onAny = (action: SnsOperation) => (): readonly AccessNeed[] => [{ action: `sns:${action}`, resource: '*' }]

function requestTags(tags: readonly { readonly Key: string; readonly Value: string }[] = []): Conditions {
  if (tags.length === 0) return {}
  const requested = Object.fromEntries(tags.map(({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, Value]))
  return { ...requested, 'aws:tagkeys': tags.map(({ Key }) => Key) }
}

/** Source: the service authorization reference of Amazon SNS. What is about a subscription, the handler asks its owners. */
const table: Inputs = {
  AddPermission: onTopic('AddPermission'),
  // Whoever has the token may confirm. Who wants to be the only one to end it signs, and says who he is.
  ConfirmSubscription: (input) =>
    /^true$/i.test(input.AuthenticateOnUnsubscribe ?? '') ? onTopic('ConfirmSubscription')(input) : [],
  // Who creates a topic with tags must be allowed to tag it as well.
  CreateTopic: ({ Name, Tags = [] }, { account, region }) => {
    const resource = topicArn({ account, region, name: Name })
    const conditions = requestTags(Tags)
    const create = { action: 'sns:CreateTopic', resource, conditions }
    return Tags.length === 0 ? [create] : [create, { action: 'sns:TagResource', resource, conditions }]
  },
  DeleteTopic: onTopic('DeleteTopic'),
  GetSubscriptionAttributes: onAny('GetSubscriptionAttributes'),
  GetTopicAttributes: onTopic('GetTopicAttributes'),
  ListSubscriptions: onAny('ListSubscriptions'),
  ListSubscriptionsByTopic: onTopic('ListSubscriptionsByTopic'),
  ListTagsForResource: ({ ResourceArn }, context) => onOwnTopic('ListTagsForResource')(ResourceArn, context),
  ListTopics: onAny('ListTopics'),
  Publish: (input) => onTopic('Publish')({ TopicArn: publishTarget(input) }),
  PublishBatch: onTopic('Publish'),
  RemovePermission: onTopic('RemovePermission'),
  SetSubscriptionAttributes: onAny('SetSubscriptionAttributes'),
  SetTopicAttributes: onTopic('SetTopicAttributes'),
  Subscribe: (input) =>
    onTopic('Subscribe')(input).map((need) => ({
      ...need,
      conditions: { 'sns:protocol': input.Protocol, 'sns:endpoint': input.Endpoint },
    })),
  TagResource: ({ ResourceArn, Tags }, context) => onOwnTopic('TagResource')(ResourceArn, context, requestTags(Tags)),
  // The link in each message needs no signature; the handler says whom it is enough for.
  Unsubscribe: (_input, { principal }) => (principal.kind === 'anonymous' ? [] : onAny('Unsubscribe')()),
  UntagResource: ({ ResourceArn, TagKeys }, context) =>
    onOwnTopic('UntagResource')(ResourceArn, context, { 'aws:tagkeys': TagKeys }),
}

export const snsAuthorization: AuthorizationTable = table
