import type { UnsubscribeInput } from '../../../model/generated/sns.ts'
import { timeOrderedId } from '../../../shared/ids.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { notAuthorized, subscriptionMissing } from '../errors.ts'
import { DELIVER } from '../fan-out/fan-out-work.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { topicOfArn } from '../topic-name.ts'
import { findSubscription } from './subscription-store.ts'

/**
 * For the subscription's owner and the topic's; unless it has been confirmed to be theirs alone, for everybody who has the
 * link. A web server is told, and how to come back. One that is not there is ended, too, as in AWS.
 */
export async function unsubscribe(
  deps: SnsDeps,
  input: UnsubscribeInput,
  { principal, now }: RequestContext,
): Promise<undefined> {
  const { database, queue } = deps
  const row = await findSubscription(database, input.SubscriptionArn)
  if (row === undefined) return undefined
  const isOwner = [row.account, topicOfArn(row.topic_arn)?.account].includes(principal.account)
  if (row.authenticated === 1 && !isOwner) throw notAuthorized()
  const isCalled = row.protocol === 'http' || row.protocol === 'https'
  await database.commit([
    statement(
      database.query
        .updateTable('sns_subscriptions')
        .set({ state: 'deleted', changed_at: now })
        .where('id', '=', row.id)
        .where('state', '=', row.state),
      one(() => subscriptionMissing()),
    ),
    ...(isCalled && row.state === 'confirmed'
      ? [
          statement(
            database.query.insertInto('sns_deliveries').values({
              id: timeOrderedId(now),
              subscription_id: row.id,
              publication_id: null,
              type: 'UnsubscribeConfirmation',
              due_at: now,
              attempts: 0,
              created_at: now,
            }),
          ),
        ]
      : []),
    queue.enqueue(DELIVER, row.id),
  ])
  return undefined
}
