/** A message attribute as it was published: binary values in Base64. */
export interface PublishedAttribute {
  readonly type: string
  readonly value: string
}

export type PublishedAttributes = Readonly<Record<string, PublishedAttribute>>

/** What is published, as it is stored. */
export interface PublicationContent {
  readonly message: string
  /** What subscriptions of a protocol get in place of the message. */
  readonly byProtocol?: Readonly<Record<string, string>>
  readonly subject?: string
  /** The MessageGroupId, for queues alone. */
  readonly group?: string
  readonly attributes: PublishedAttributes
}

/** One message on its way to the subscriptions of its topic. */
export interface Publication extends PublicationContent {
  readonly id: string
  readonly topicArn: string
  /** Epoch milliseconds. */
  readonly publishedAt: number
}

/** What a subscription of this protocol is to get. */
export const messageFor = ({ message, byProtocol }: PublicationContent, protocol: string): string =>
  byProtocol?.[protocol] ?? message
