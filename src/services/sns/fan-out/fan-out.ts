import { type Kysely, sql } from 'kysely'
import type { WorkHandler } from '../../../control/work-queue.ts'
import { timeOrderedId } from '../../../shared/ids.ts'
import type { Statement } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
import { preparedForRows } from '../../../storage/prepared-rows.ts'
import type { SnsDeliveryRow, SnsPublicationRow, SnsTopicRow } from '../../../storage/schema/sns.ts'
import type { Schema } from '../../../storage/schema.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { OpenFunction } from '../../lambda/facade.ts'
import type { QueuedMessage } from '../../sqs/facade.ts'
import type { Publication, PublicationContent } from '../publishing/publication.ts'
import type { SignatureVersion } from '../signing/signer.ts'
import type { SnsDeps } from '../sns-deps.ts'
import type { Subscription } from '../subscriptions/subscription-catalog.ts'
import { topicArn } from '../topic-name.ts'
import type { TopicAttributes } from '../topics/topic-attributes.ts'
import { deadLetters } from './dead-letters.ts'
import { Envelopes, lambdaEvent, notificationText } from './envelope.ts'
import { DELIVER } from './fan-out-work.ts'
import { rawMessage } from './raw-message.ts'
import { removePublications } from './remove-publications.ts'
import type { Targets } from './targets.ts'

/** Publications of one unit of work, and messages that come of them. */
const MOST_PUBLICATIONS = 200
const MOST_MESSAGES = 1_000
/** Of the publications of one unit together. */
const MOST_CHARACTERS = 4 * 1024 * 1024

/**
 * Brings what has been published to a topic on its way, in batches. Messages for queues and functions are handed over in
 * the very unit of work that forgets the publication, so a worker that dies has done all of it or nothing; what goes to
 * web servers becomes deliveries, which have work of their own.
 */
export function fanOutHandler(deps: SnsDeps, targets: Targets): WorkHandler {
  return async ({ key: topicId }, signal) => {
    for (;;) {
      signal.throwIfAborted()
      const topic = await topicById.first(deps.database, { topicId })
      if (topic === undefined) {
        await removePublications(deps, topicId, signal)
        return { done: true }
      }
      const subscriptions = await deps.subscriptions.of(topicId)
      const limit = Math.max(
        1,
        Math.min(MOST_PUBLICATIONS, Math.floor(MOST_MESSAGES / Math.max(1, subscriptions.length))),
      )
      const rows = await nextPublications(deps, topicId, limit)
      if (rows.length === 0) return { done: true }
      const attributes = JSON.parse(topic.attributes) as TopicAttributes
      const version = attributes.SignatureVersion === '2' ? '2' : '1'
      const batch = new Batch(
        deps,
        targets,
        rows.map((row) => publicationOf(row, topicArn(topic))),
        version,
      )
      await deps.database.commit(await batch.statements(subscriptions, signal))
    }
  }
}

const topicById = prepared<{ topicId: string }, SnsTopicRow>((query, value) =>
  query.selectFrom('sns_topics').selectAll().where('id', '=', value('topicId')),
)

/** The oldest that have still to be brought on their way, as many as are no burden to hold at once. */
async function nextPublications(
  { database }: SnsDeps,
  topicId: string,
  limit: number,
): Promise<readonly SnsPublicationRow[]> {
  let count = 0
  let total = 0
  for (const { size } of await waitingSizes.rows(database, { topicId, limit })) {
    total += Number(size)
    if (count > 0 && total > MOST_CHARACTERS) break
    count++
  }
  return count === 0 ? [] : waitingRows.rows(database, { topicId, limit: count })
}

const waitingOf = (query: Kysely<Schema>, topicId: string, limit: number) =>
  query
    .selectFrom('sns_publications')
    .where('topic_id', '=', topicId)
    .where('fanned_out', '=', 0)
    .orderBy('id')
    .limit(limit)

const waitingSizes = prepared<{ topicId: string; limit: number }, { readonly size: number }>((query, value) =>
  waitingOf(query, value('topicId'), value('limit')).select(sql<number>`length(content)`.as('size')),
)

const waitingRows = prepared<{ topicId: string; limit: number }, SnsPublicationRow>((query, value) =>
  waitingOf(query, value('topicId'), value('limit')).selectAll(),
)

const deliveryInserts = preparedForRows<SnsDeliveryRow>(
  ['id', 'subscription_id', 'publication_id', 'type', 'due_at', 'attempts', 'created_at'],
  (query, rows) => query.insertInto('sns_deliveries').values(rows),
)

const settlements = preparedForRows<{ id: string }>(['id'], (query, rows) =>
  query
    .updateTable('sns_publications')
    .set({ fanned_out: sql<number>`1` })
    .where(
      'id',
      'in',
      rows.map(({ id }) => id),
    ),
)

const removals = preparedForRows<{ id: string }>(['id'], (query, rows) =>
  query.deleteFrom('sns_publications').where(
    'id',
    'in',
    rows.map(({ id }) => id),
  ),
)

export const publicationOf = (
  row: Pick<SnsPublicationRow, 'id' | 'content' | 'published_at'>,
  arn: string,
): Publication => ({
  ...(JSON.parse(row.content) as PublicationContent),
  id: row.id,
  topicArn: arn,
  publishedAt: row.published_at,
})

class Batch {
  readonly #deps: SnsDeps
  readonly #targets: Targets
  readonly #publications: readonly Publication[]
  readonly #version: SignatureVersion
  readonly #envelopes: Envelopes

  constructor(deps: SnsDeps, targets: Targets, publications: readonly Publication[], version: SignatureVersion) {
    this.#deps = deps
    this.#targets = targets
    this.#publications = publications
    this.#version = version
    this.#envelopes = new Envelopes(deps)
  }

  async statements(subscriptions: readonly Subscription[], signal: AbortSignal): Promise<readonly Statement[]> {
    const deliveries: SnsDeliveryRow[] = []
    const statements: Statement[] = []
    for (const subscription of subscriptions) {
      const { filter, protocol } = subscription
      const wanted = filter === undefined ? this.#publications : this.#publications.filter(filter)
      if (wanted.length === 0) continue
      if (protocol === 'http' || protocol === 'https') {
        deliveries.push(...wanted.map(({ id }) => this.#delivery(subscription, id)))
        statements.push(this.#deps.queue.enqueue(DELIVER, subscription.id))
      } else statements.push(...(await this.#enqueue(subscription, wanted, signal)))
    }
    return [...this.#insertions(deliveries), ...statements, ...this.#settle(deliveries)]
  }

  #delivery(subscription: Subscription, publicationId: string): SnsDeliveryRow {
    const now = this.#deps.clock.now()
    return {
      id: timeOrderedId(now),
      subscription_id: subscription.id,
      publication_id: publicationId,
      type: 'Notification',
      due_at: now,
      attempts: 0,
      created_at: now,
    }
  }

  #insertions(rows: readonly SnsDeliveryRow[]): readonly Statement[] {
    return deliveryInserts(this.#deps.database, rows)
  }

  /** Publications that nobody is waiting for are forgotten; the others are when they have been delivered. */
  #settle(deliveries: readonly SnsDeliveryRow[]): readonly Statement[] {
    const { database } = this.#deps
    const open = new Set(deliveries.map((row) => row.publication_id))
    const ids = this.#publications.map(({ id }) => id)
    const kept = ids.filter((id) => open.has(id))
    const done = ids.filter((id) => !open.has(id))
    return [
      ...settlements(
        database,
        kept.map((id) => ({ id })),
      ),
      ...removals(
        database,
        done.map((id) => ({ id })),
      ),
    ]
  }

  async #enqueue(
    subscription: Subscription,
    wanted: readonly Publication[],
    signal: AbortSignal,
  ): Promise<readonly Statement[]> {
    const target = await this.#targets.open(subscription, signal)
    if (target.kind === 'function') return this.#invoke(subscription, target.function, wanted)
    const messages = await Promise.all(wanted.map((publication) => this.#queued(subscription, publication)))
    if (target.kind === 'refused') return deadLetters(this.#deps, subscription, messages, target)
    const judged = messages.map((message) => ({ message, refusal: target.queue.refusalOf(message) }))
    const taken = judged.filter(({ refusal }) => refusal === undefined).map(({ message }) => message)
    const statements = [...target.queue.enqueue(taken)]
    for (const { message, refusal } of judged) {
      if (refusal === undefined) continue
      const letter = { body: message.body, attributes: {} }
      const why = { code: 'InvalidParameterValue', reason: refusal }
      statements.push(...(await deadLetters(this.#deps, subscription, [letter], why)))
    }
    return statements
  }

  /** An event that is more than Lambda takes, because of what had to be escaped in it, is nothing that would ever pass. */
  async #invoke(
    subscription: Subscription,
    target: OpenFunction,
    wanted: readonly Publication[],
  ): Promise<readonly Statement[]> {
    const statements: Statement[] = []
    for (const publication of wanted) {
      const event = await this.#event(subscription, publication)
      try {
        statements.push(...target.enqueue(event))
      } catch (error) {
        if (!(error instanceof ServiceError) || error.status >= 500) throw error
        const why = { code: error.code, reason: error.message }
        const letter = await this.#queued(subscription, publication)
        statements.push(...(await deadLetters(this.#deps, subscription, [letter], why)))
      }
    }
    return statements
  }

  async #event({ arn, protocol }: Subscription, publication: Publication): Promise<string> {
    const notification = await this.#envelopes.notification(publication, protocol, this.#version)
    return lambdaEvent(this.#deps, notification, arn, publication.attributes)
  }

  async #queued({ arn, protocol, isRaw }: Subscription, publication: Publication): Promise<QueuedMessage> {
    if (isRaw) return rawMessage(publication, protocol)
    const group = publication.group === undefined ? {} : { group: publication.group }
    const notification = await this.#envelopes.notification(publication, protocol, this.#version)
    return { body: notificationText(this.#deps, notification, arn, publication.attributes), attributes: {}, ...group }
  }
}
