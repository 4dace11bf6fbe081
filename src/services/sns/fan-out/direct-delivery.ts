import type { Statement } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
import { preparedForRows } from '../../../storage/prepared-rows.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { OpenQueue } from '../../sqs/facade.ts'
import type { PublicationContent } from '../publishing/publication.ts'
import type { SnsDeps } from '../sns-deps.ts'
import type { Subscription } from '../subscriptions/subscription-catalog.ts'
import { actingFor, SNS } from './confirmation.ts'
import { rawMessage } from './raw-message.ts'

/** What comes of more goes the long way, a batch after the other. */
const MOST_SUBSCRIPTIONS = 16
const MOST_CHARACTERS = 1024 * 1024

type Deps = Pick<SnsDeps, 'database' | 'subscriptions' | 'sqs' | 'refusals'>

/**
 * The statements that put messages straight into the queues that have subscribed to their topic, without a publication that is stored,
 * found and fanned out later. Undefined where that is not for one unit of work to do: a subscription is no queue or wants a signed
 * envelope, a queue refuses, or there is much of it. When a subscription comes, goes or
 * gets other attributes before the unit is committed, it fails with what `changed` makes.
 */
export async function directDelivery(
  deps: Deps,
  topicId: string,
  contents: readonly PublicationContent[],
  changed: () => Error,
): Promise<readonly Statement[] | undefined> {
  const subscriptions = await deps.subscriptions.of(topicId)
  if (subscriptions.length > MOST_SUBSCRIPTIONS || !subscriptions.every(isPlain)) return undefined
  if (subscriptions.some(({ id }) => deps.refusals.has(id))) return undefined
  if (charactersOf(contents) * subscriptions.length > MOST_CHARACTERS) return undefined
  const statements: Statement[] = [...unchanged(deps, topicId, subscriptions, changed)]
  for (const subscription of subscriptions) {
    const { filter, protocol } = subscription
    const wanted = filter === undefined ? contents : contents.filter(filter)
    if (wanted.length === 0) continue
    const messages = wanted.map((content) => rawMessage(content, protocol))
    const queue = await open(deps, subscription)
    if (queue === undefined || messages.some((message) => queue.refusalOf(message) !== undefined)) return undefined
    statements.push(...queue.enqueue(messages))
  }
  return statements
}

const isPlain = ({ protocol, isRaw }: Subscription): boolean => protocol === 'sqs' && isRaw

function charactersOf(contents: readonly PublicationContent[]): number {
  let characters = 0
  for (const content of contents) {
    // Attributes and texts for other protocols are part of what was published, and so within its limit.
    characters += content.message.length
    for (const { value } of Object.values(content.attributes)) characters += value.length
  }
  return characters
}

/** There are as many as were read, and each of those is there as it was. */
function unchanged(
  { database }: Deps,
  topicId: string,
  subscriptions: readonly Subscription[],
  otherwise: () => Error,
): readonly Statement[] {
  return [
    confirmed.statement(database, { topicId }, { rows: subscriptions.length, otherwise }),
    ...asRead(database, subscriptions, { leading: [topicId, 'confirmed'], otherwise }),
  ]
}

/** Leading values: the topic and the state. */
const asRead = preparedForRows<Pick<Subscription, 'id' | 'stored'>>(['id', 'stored'], (query, rows) =>
  query
    .selectFrom('sns_subscriptions')
    .select('id')
    .where('topic_id', '=', '')
    .where('state', '=', '')
    .where((of) => of.or(rows.map(({ id, stored }) => of.and([of('id', '=', id), of('attributes', '=', stored)])))),
)

const confirmed = prepared<{ topicId: string }>((query, value) =>
  query
    .selectFrom('sns_subscriptions')
    .select('id')
    .where('topic_id', '=', value('topicId'))
    .where('state', '=', 'confirmed'),
)

/** Undefined for a queue that refuses: who waits a little, and who gets the dead letters, is known to the fan-out. */
async function open({ sqs, refusals }: Deps, { id, endpoint, topicArn }: Subscription): Promise<OpenQueue | undefined> {
  try {
    return await sqs.openQueue(SNS, endpoint, actingFor(topicArn))
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status >= 500) throw error
    refusals.note(id)
    return undefined
  }
}
