export interface SqsTables {
  sqs_queues: SqsQueueRow
  sqs_messages: SqsMessageRow
}

export interface SqsQueueRow {
  /** What its messages are found by. A purge gives the queue another one: what lay under the old is swept away. */
  id: string
  account: string
  region: string
  name: string
  /** JSON object of the attributes that have been set, the policy among them. */
  attributes: string
  /** JSON object of tag keys and values. */
  tags: string
  created_at: number
  modified_at: number
  purged_at: number
}

export interface SqsMessageRow {
  /** Ascending with time. */
  id: string
  queue_id: string
  /** From when on it may be received. */
  visible_at: number
  sent_at: number
  /** As `SenderId` shows it. */
  sender: string
  /** JSON of body and attributes; sealed when the queue encrypts. */
  content: string
  /** 1 or 0. */
  sealed: number
  receive_count: number
  first_received_at: number | null
  /** Names the last receive; null before the first. */
  receipt: string | null
  /** The queue that gave it up to this one; null for others. */
  source_arn: string | null
}
