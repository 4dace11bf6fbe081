import type { SnsOperation, SnsOperations } from '../../model/generated/sns.ts'
import type { Operation, OperationTable } from '../operation.ts'
import { addPermission, removePermission } from './policies/permission-operations.ts'
import { publish, publishBatch } from './publishing/publish.ts'
import type { SnsDeps } from './sns-deps.ts'
import { confirmSubscription } from './subscriptions/confirm-subscription.ts'
import { subscribe } from './subscriptions/subscribe.ts'
import {
  getSubscriptionAttributes,
  listSubscriptions,
  listSubscriptionsByTopic,
  setSubscriptionAttributes,
} from './subscriptions/subscription-operations.ts'
import { unsubscribe } from './subscriptions/unsubscribe.ts'
import { listTagsForResource, tagResource, untagResource } from './tags/tag-operations.ts'
import { createTopic } from './topics/create-topic.ts'
import { deleteTopic } from './topics/delete-topic.ts'
import { getTopicAttributes, listTopics, setTopicAttributes } from './topics/topic-operations.ts'

type SnsTable = {
  readonly [Name in SnsOperation]: Operation<SnsOperations[Name]['input'], SnsOperations[Name]['output']>
}

/** Standard topics of SNS. FIFO topics, mail, phones, mobile applications and Firehose are refused by name. */
export const createSnsService = (deps: SnsDeps): OperationTable =>
  ({
    AddPermission: (input) => addPermission(deps, input),
    ConfirmSubscription: (input, context) => confirmSubscription(deps, input, context),
    CreateTopic: (input, context) => createTopic(deps, input, context),
    DeleteTopic: (input) => deleteTopic(deps, input),
    GetSubscriptionAttributes: (input, context) => getSubscriptionAttributes(deps, input, context),
    GetTopicAttributes: (input) => getTopicAttributes(deps, input),
    ListSubscriptions: (input, context) => listSubscriptions(deps, input, context),
    ListSubscriptionsByTopic: (input) => listSubscriptionsByTopic(deps, input),
    ListTagsForResource: (input) => listTagsForResource(deps, input),
    ListTopics: (input, context) => listTopics(deps, input, context),
    Publish: (input, context) => publish(deps, input, context),
    PublishBatch: (input, context) => publishBatch(deps, input, context),
    RemovePermission: (input) => removePermission(deps, input),
    SetSubscriptionAttributes: (input, context) => setSubscriptionAttributes(deps, input, context),
    SetTopicAttributes: (input) => setTopicAttributes(deps, input),
    Subscribe: (input, context) => subscribe(deps, input, context),
    TagResource: (input) => tagResource(deps, input),
    Unsubscribe: (input, context) => unsubscribe(deps, input, context),
    UntagResource: (input) => untagResource(deps, input),
  }) satisfies SnsTable
