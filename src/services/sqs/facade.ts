import type { Principal } from '../../access/principal.ts'
import type { Statement } from '../../storage/database.ts'

/** What a service hands over to a queue. Binary values of attributes in Base64. */
export interface QueuedMessage {
  readonly body: string
  readonly attributes: Readonly<Record<string, { readonly type: string; readonly value: string }>>
  /** Its MessageGroupId. */
  readonly group?: string
}

/** A queue that the principal may send to. */
export interface OpenQueue {
  /** Why a message cannot be put into the queue, as a sentence: its size, its attributes, its characters; undefined when it can. */
  refusalOf(message: QueuedMessage): string | undefined
  /** Puts messages into the queue, within the caller's unit of work; at least one. They are taken as they are. */
  enqueue(messages: readonly QueuedMessage[]): readonly Statement[]
}

/** SQS for the other services. */
export interface SqsFacade {
  /**
   * Asks whether the principal may send to the queue.
   * @param conditions condition keys that say for whom it acts, such as `aws:sourcearn`
   * @throws AccessDenied, QueueDoesNotExist
   */
  openQueue(principal: Principal, queueArn: string, conditions?: Readonly<Record<string, string>>): Promise<OpenQueue>
}
