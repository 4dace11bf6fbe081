import type { SubscribeInput, SubscribeResponse } from '../../../model/generated/sns.ts'
import { requestId, timeOrderedId } from '../../../shared/ids.ts'
import type { Statement } from '../../../storage/database.ts'
import type { SnsSubscriptionRow } from '../../../storage/schema/sns.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { invalidParameter, topicMissing } from '../errors.ts'
import { queueConfirmation } from '../fan-out/confirmation.ts'
import { DELIVER } from '../fan-out/fan-out-work.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { requireTopicArn } from '../topic-name.ts'
import { accountOfQueue, requireEndpoint, requireProtocol } from './endpoint.ts'
import { differ, type SubscriptionAttributes, withAttributes } from './subscription-attributes.ts'
import { arnOf } from './subscription-store.ts'

/** Somebody else has subscribed the endpoint in the same moment. */
class SubscribedAlready extends Error {
  override readonly name = 'SubscribedAlready'
}

/**
 * Web servers, and queues of other accounts, have to confirm; functions and the caller's own queues are subscribed at once.
 * Subscribing again with the same attributes, as far as they are given, is the same subscription; one that is pending is asked to confirm again.
 */
export async function subscribe(
  deps: SnsDeps,
  input: SubscribeInput,
  context: RequestContext,
): Promise<SubscribeResponse> {
  const { database } = deps
  const topic = await deps.topics.require(requireTopicArn(input.TopicArn))
  const protocol = requireProtocol(input.Protocol)
  const endpoint = requireEndpoint(protocol, input.Endpoint)
  const refusal = protocol === 'http' || protocol === 'https' ? deps.sender.refusalOf(endpoint) : undefined
  if (refusal !== undefined) throw invalidParameter(`Endpoint Reason: ${refusal}`)
  const given = withAttributes({}, input.Attributes ?? {}, protocol)
  const isOwn = protocol === 'lambda' || (protocol === 'sqs' && accountOfQueue(endpoint) === context.account)
  const same = database.query
    .selectFrom('sns_subscriptions')
    .selectAll()
    .where((of) => of.and({ topic_id: topic.id, protocol, endpoint }))
    .where('state', '!=', 'deleted')
  for (;;) {
    const existing = await same.executeTakeFirst()
    if (existing !== undefined) {
      if (differ(given, JSON.parse(existing.attributes) as SubscriptionAttributes))
        throw invalidParameter('Attributes Reason: Subscription already exists with different attributes')
      if (existing.state === 'pending') await database.commit(await askToConfirm(deps, existing, context.now))
      return answer(existing, input)
    }
    const row: SnsSubscriptionRow = {
      id: requestId(),
      topic_id: topic.id,
      topic_arn: topic.arn,
      account: context.account,
      region: topic.region,
      ...{ protocol, endpoint, attributes: JSON.stringify(given) },
      state: isOwn ? 'confirmed' : 'pending',
      authenticated: isOwn ? 1 : 0,
      created_at: context.now,
      changed_at: context.now,
    }
    try {
      await database.commit([
        statement(
          database.query.selectFrom('sns_topics').select('id').where('id', '=', topic.id),
          one(() => topicMissing()),
        ),
        statement(
          same,
          none(() => new SubscribedAlready()),
        ),
        statement(database.query.insertInto('sns_subscriptions').values(row)),
        ...(isOwn ? [] : await askToConfirm(deps, row, context.now)),
      ])
      return answer(row, input)
    } catch (error) {
      if (!(error instanceof SubscribedAlready)) throw error
    }
  }
}

const answer = (row: SnsSubscriptionRow, { ReturnSubscriptionArn = false }: SubscribeInput): SubscribeResponse => ({
  SubscriptionArn: row.state === 'confirmed' || ReturnSubscriptionArn ? arnOf(row) : 'pending confirmation',
})

/** The statements that have the endpoint told how to confirm. */
async function askToConfirm(deps: SnsDeps, row: SnsSubscriptionRow, now: number): Promise<readonly Statement[]> {
  if (row.protocol === 'sqs') return queueConfirmation(deps, row, now)
  return [
    statement(
      deps.database.query.insertInto('sns_deliveries').values({
        id: timeOrderedId(now),
        subscription_id: row.id,
        publication_id: null,
        type: 'SubscriptionConfirmation',
        due_at: now,
        attempts: 0,
        created_at: now,
      }),
    ),
    deps.queue.enqueue(DELIVER, row.id),
  ]
}
