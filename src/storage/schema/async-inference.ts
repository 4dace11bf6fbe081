/**
 * Requests to asynchronous endpoints that have been accepted and are not answered yet. Accepted means committed here;
 * a request leaves in the unit of work that commits its output object, or its failure, and the notification of it.
 *
 * Who has a request: nobody (`claim` is null), or one instance, in whose work item (`async-instance`) it is being worked on. Whoever
 * takes up that item anew gives back what its predecessor had; a claim is never used twice, so a predecessor that
 * was only slow can no longer finish anything.
 */
export interface AsyncInferenceTables {
  async_queues: AsyncQueueRow
  async_counts: AsyncCountRow
  async_requests: AsyncRequestRow
  async_bodies: AsyncBodyRow
  async_failures: AsyncFailureRow
}

/** The queue of one endpoint, for as long as the endpoint lives. */
export interface AsyncQueueRow {
  /** Made anew with each endpoint: another of the same name does not inherit its requests. */
  queue_id: string
  /** Of the endpoint; unique together. */
  account: string
  region: string
  name_key: string
  created_at: number
}

/** What one worker has put in and taken out. The backlog is the difference of the sums over the workers. */
export interface AsyncCountRow {
  queue_id: string
  /** The index of the worker, which is used again after a restart; with the queue the primary key. */
  worker: number
  accepted: number
  finished: number
}

export interface AsyncRequestRow {
  queue_id: string
  /** Grows with the time of acceptance; with the queue the primary key. */
  request_id: string
  /** The claim it is being worked on under; null while it waits. */
  claim: string | null
  /** The instance that works on it; null while it waits. */
  instance_id: string | null
  received_at: number
  /** When it is no longer worth beginning with: at most 6 hours after it was received. */
  expires_at: number
  /** JSON of AsyncRequestDocument (services/sagemaker-runtime/async-inference/async-request.ts). */
  document: string
  /** How often its container broke the connection while it had it, or the work on it ended in an error of ours. */
  breaks: number
  /** What it was put back for last, for people; null when it never was. */
  trouble: string | null
}

/** A request's body that came with it, encrypted. */
export interface AsyncBodyRow {
  request_id: string
  /** Chunks as in storage/blobs/sealed-chunks.ts. */
  content: Uint8Array
  /** The key of the chunks, sealed by the installation's. */
  sealed_key: string
}

/** The last failures of a queue, for people. */
export interface AsyncFailureRow {
  queue_id: string
  request_id: string
  failed_at: number
  inference_id: string
  reason: string
}
