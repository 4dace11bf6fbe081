import type { ConfirmSubscriptionInput, ConfirmSubscriptionResponse } from '../../../model/generated/sns.ts'
import { none, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { invalidParameter, notAuthorized, subscriptionMissing } from '../errors.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { requireTopicArn, topicArn } from '../topic-name.ts'
import { arnOf } from './subscription-store.ts'
import { openToken } from './subscription-token.ts'

/**
 * Whoever has the token may confirm, also without a signature: following the link in the message does. It brings back a
 * subscription, too, whose end has been told with the token, unless its endpoint has another by now.
 */
export async function confirmSubscription(
  { database, box }: SnsDeps,
  input: ConfirmSubscriptionInput,
  { principal, now }: RequestContext,
): Promise<ConfirmSubscriptionResponse> {
  const topic = topicArn(requireTopicArn(input.TopicArn))
  const { AuthenticateOnUnsubscribe = 'false' } = input
  if (!/^(?:true|false)$/i.test(AuthenticateOnUnsubscribe)) throw invalidParameter('AuthenticateOnUnsubscribe')
  const authenticated = AuthenticateOnUnsubscribe.toLowerCase() === 'true'
  if (authenticated && principal.kind === 'anonymous') throw notAuthorized()
  const id = openToken(box, input.Token, now)
  const row = await database.query
    .selectFrom('sns_subscriptions')
    .selectAll()
    .where('id', '=', id)
    .where('topic_arn', '=', topic)
    .executeTakeFirst()
  if (row === undefined) throw subscriptionMissing()
  if (row.state !== 'confirmed') {
    const { topic_id, protocol, endpoint } = row
    await database.commit([
      // An endpoint that has been subscribed again since then would get everything twice.
      statement(
        database.query
          .selectFrom('sns_subscriptions')
          .select('id')
          .where((of) => of.and({ topic_id, protocol, endpoint }))
          .where('state', '!=', 'deleted')
          .where('id', '!=', id),
        none(() => invalidParameter('Token')),
      ),
      statement(
        database.query
          .updateTable('sns_subscriptions')
          .set({ state: 'confirmed', authenticated: authenticated ? 1 : 0, changed_at: now })
          .where('id', '=', id)
          .where('state', '!=', 'confirmed'),
      ),
    ])
  }
  return { SubscriptionArn: arnOf(row) }
}
