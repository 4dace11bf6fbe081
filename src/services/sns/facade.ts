import type { Principal } from '../../access/principal.ts'
import type { Statement } from '../../storage/database.ts'
import type { PublicationContent } from './publishing/publication.ts'

/** What a service publishes. */
export interface Notification {
  readonly message: string
  /** Up to 100 characters, no line breaks or control characters among them. */
  readonly subject?: string
  /** Binary values in Base64. */
  readonly attributes?: Readonly<Record<string, { readonly type: string; readonly value: string }>>
}

/** What has been found to be fit for publishing. */
export interface AcceptedNotification {
  readonly content: PublicationContent
}

/** A topic that the principal may publish to. */
export interface OpenTopic {
  /** @throws InvalidParameter for what cannot be published, such as a message of more than 256 KiB */
  accept(notification: Notification): AcceptedNotification
  /** As `publication`, of many at once, in their order; at least one. */
  publications(accepted: readonly AcceptedNotification[], gone?: () => Error): readonly Statement[]
  /**
   * As `publications`, where the unit of work can put the messages straight into the queues that have subscribed; undefined where it cannot.
   * The unit rejects with what `changed` makes when the subscriptions, or their attributes, are others by then.
   */
  directDelivery(
    accepted: readonly AcceptedNotification[],
    gone: () => Error,
    changed: () => Error,
  ): Promise<readonly Statement[] | undefined>
  /**
   * The statements that publish, for the caller's own unit of work: it is published if and only if that is committed. When the topic
   * has been deleted meanwhile, the unit rejects with what `gone` makes, or NotFound.
   * @throws InvalidParameter for what cannot be published, such as a message of more than 256 KiB
   */
  publication(
    notification: Notification,
    gone?: () => Error,
  ): { readonly messageId: string; readonly statements: readonly Statement[] }
}

/** SNS for the other services. Who acts is asked about like any caller: an execution role needs `sns:Publish`. */
export interface SnsFacade {
  /** Asks whether the principal may publish to the topic. @throws AuthorizationError, InvalidParameter */
  authorizePublish(principal: Principal, topicArn: string): Promise<void>
  /**
   * Asks the same, and finds the topic. It may be kept for some publications, but who is allowed may change meanwhile.
   * @throws AuthorizationError, NotFound, InvalidParameter
   */
  openTopic(principal: Principal, topicArn: string): Promise<OpenTopic>
  /** Publishes at once. Resolves to the message's id when it is durable. @throws what `openTopic` and `publication` do */
  publish(principal: Principal, topicArn: string, notification: Notification): Promise<string>
}
