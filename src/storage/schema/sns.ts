export interface SnsTables {
  sns_topics: SnsTopicRow
  sns_subscriptions: SnsSubscriptionRow
  sns_publications: SnsPublicationRow
  sns_deliveries: SnsDeliveryRow
  sns_signing_keys: SnsSigningKeyRow
}

export interface SnsTopicRow {
  /** Made anew whenever a topic of this name is created, so that nothing of a deleted namesake is delivered. */
  id: string
  account: string
  region: string
  name: string
  /** JSON object of the attributes that have been set, the policy among them. */
  attributes: string
  /** JSON object of tag keys and values. */
  tags: string
  created_at: number
}

export interface SnsSubscriptionRow {
  /** The last part of its ARN. */
  id: string
  topic_id: string
  topic_arn: string
  /** The account that has subscribed, which owns it. */
  account: string
  region: string
  protocol: string
  endpoint: string
  /** JSON object of the attributes that have been set. */
  attributes: string
  /** `pending`, `confirmed`, or `deleted` while its end has still to be told. */
  state: string
  /** 1 when only its owner and the topic's may end it. */
  authenticated: number
  created_at: number
  /** When it came into its state. */
  changed_at: number
}

/** What has been published and not been delivered to everybody yet. */
export interface SnsPublicationRow {
  /** Ascending with time; the message's id. */
  id: string
  topic_id: string
  /** JSON of message, subject and attributes. */
  content: string
  published_at: number
  /** 1 when what has still to be delivered stands in deliveries. */
  fanned_out: number
}

/** What is still to be sent to an endpoint that other programs serve. */
export interface SnsDeliveryRow {
  /** Ascending with time. */
  id: string
  subscription_id: string
  /** Null for what is not published: the word that a subscription begins or ends. */
  publication_id: string | null
  /** `Notification`, `SubscriptionConfirmation` or `UnsubscribeConfirmation`. */
  type: string
  due_at: number
  /** How often it has failed. */
  attempts: number
  created_at: number
}

export interface SnsSigningKeyRow {
  id: string
  /** PEM. */
  certificate: string
  /** PEM, sealed with the master key. */
  private_key: string
  created_at: number
}
