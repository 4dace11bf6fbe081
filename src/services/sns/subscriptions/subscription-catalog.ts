import type { Database } from '../../../storage/database.ts'
import { prepared } from '../../../storage/prepared-query.ts'
import type { SnsSubscriptionRow } from '../../../storage/schema/sns.ts'
import { compileFilter, type Filter, type FilterScope } from '../filter-policy/filter-policy.ts'
import { subscriptionArn } from '../topic-name.ts'
import type { SubscriptionAttributes } from './subscription-attributes.ts'

/** A subscription, ready for what is published. */
export interface Subscription {
  readonly id: string
  readonly arn: string
  readonly account: string
  readonly topicArn: string
  readonly topicId: string
  readonly protocol: string
  readonly endpoint: string
  readonly attributes: SubscriptionAttributes
  /** Its attributes as they are stored: another text when they have been changed. */
  readonly stored: string
  readonly isRaw: boolean
  /** Undefined for one that takes everything. */
  readonly filter: Filter | undefined
}

const MOST_FILTERS = 10_000

const confirmedOf = prepared<{ topicId: string }, SnsSubscriptionRow>((query, value) =>
  query
    .selectFrom('sns_subscriptions')
    .selectAll()
    .where('topic_id', '=', value('topicId'))
    .where('state', '=', 'confirmed')
    .orderBy('id'),
)

/**
 * The confirmed subscriptions of topics. They are read for each batch of publications, so that whoever has subscribed before
 * something is published gets it, on whichever worker; only filters are kept, by their text.
 */
export class SubscriptionCatalog {
  readonly #database: Database
  readonly #filters = new Map<string, Filter>()

  constructor(database: Database) {
    this.#database = database
  }

  async of(topicId: string): Promise<readonly Subscription[]> {
    const rows = await confirmedOf.rows(this.#database, { topicId })
    return rows.map((row) => this.open(row))
  }

  open(row: SnsSubscriptionRow): Subscription {
    const attributes = JSON.parse(row.attributes) as SubscriptionAttributes
    return {
      id: row.id,
      arn: subscriptionArn(row.topic_arn, row.id),
      account: row.account,
      topicArn: row.topic_arn,
      topicId: row.topic_id,
      protocol: row.protocol,
      endpoint: row.endpoint,
      attributes,
      stored: row.attributes,
      isRaw: attributes.RawMessageDelivery === 'true',
      filter: this.#filter(attributes),
    }
  }

  #filter({ FilterPolicy, FilterPolicyScope = 'MessageAttributes' }: SubscriptionAttributes): Filter | undefined {
    if (FilterPolicy === undefined) return undefined
    const key = `${FilterPolicyScope} ${FilterPolicy}`
    const known = this.#filters.get(key)
    if (known !== undefined) return known
    const filter = compileFilter(FilterPolicy, FilterPolicyScope as FilterScope)
    if (this.#filters.size >= MOST_FILTERS) this.#filters.clear()
    this.#filters.set(key, filter)
    return filter
  }
}
