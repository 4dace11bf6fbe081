import type { Subscription as ShownSubscription } from '../../../model/generated/sns.ts'
import type { Database } from '../../../storage/database.ts'
import type { SnsSubscriptionRow } from '../../../storage/schema/sns.ts'
import { requireSubscriptionArn, subscriptionArn, topicArn } from '../topic-name.ts'
import { maskedEndpoint } from './endpoint.ts'

/** The subscription that an ARN names; undefined for one that is not there any more. @throws InvalidParameter */
export async function findSubscription({ query }: Database, arn: string): Promise<SnsSubscriptionRow | undefined> {
  const { topic, id } = requireSubscriptionArn(arn)
  return query
    .selectFrom('sns_subscriptions')
    .selectAll()
    .where('id', '=', id)
    .where('topic_arn', '=', topicArn(topic))
    .where('state', '!=', 'deleted')
    .executeTakeFirst()
}

export const arnOf = (row: SnsSubscriptionRow): string => subscriptionArn(row.topic_arn, row.id)

/** As lists show it: the ARN of one that is pending is nobody's to know. */
export const showSubscription = (row: SnsSubscriptionRow): ShownSubscription => ({
  SubscriptionArn: row.state === 'pending' ? 'PendingConfirmation' : arnOf(row),
  Owner: row.account,
  Protocol: row.protocol,
  Endpoint: maskedEndpoint(row.endpoint),
  TopicArn: row.topic_arn,
})
