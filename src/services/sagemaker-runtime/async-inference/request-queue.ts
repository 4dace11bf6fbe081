import { sql } from 'kysely'
import type { Database, Row, Statement } from '../../../storage/database.ts'
import type { AsyncBodyRow } from '../../../storage/schema/async-inference.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { AsyncRequestDocument, ClaimedRequest } from './async-request.ts'
import {
  bodyInserts,
  bodyOf,
  bodyRemovals,
  claiming,
  claimOf,
  counting,
  expiring,
  type NewRequestRow,
  nextExpiry,
  oneWaiting,
  removals,
  requestInserts,
} from './request-statements.ts'

/** The endpoint has been deleted, and its queue with it. */
export class QueueGone extends Error {
  override readonly name = 'QueueGone'
}

/** Somebody else works on the request by now, or the queue is gone. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost'
}

/** A request to accept; `body` if it brings one. */
export interface NewRequest {
  readonly row: NewRequestRow
  readonly body: AsyncBodyRow | undefined
}

interface Waiting {
  readonly request: NewRequest
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The most requests that are accepted in one unit of work. */
const MOST_AT_ONCE = 512
/** Characters that are kept of what a request was put back for. */
const MOST_TROUBLE = 500

/**
 * The SQL of the queues, and the gathering of what is accepted: requests that come while earlier ones are being committed
 * are committed together.
 */
export class RequestQueue {
  readonly #database: Database
  readonly #worker: number
  readonly #onAccepted: (queueId: string) => void
  readonly #waiting: Waiting[] = []
  #flushing = false

  /** `worker` is this worker's index; `onAccepted` hears of the queues that have got something to do. */
  constructor(database: Database, worker: number, onAccepted: (queueId: string) => void = () => {}) {
    this.#database = database
    this.#worker = worker
    this.#onAccepted = onAccepted
  }

  /** Resolves when the request is durable. @throws QueueGone, or the errors of storage */
  accept(request: NewRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject })
      if (this.#flushing) return
      this.#flushing = true
      // After what else came in with this turn of the event loop.
      setImmediate(() => void this.#flush())
    })
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_AT_ONCE)
      const queues = Map.groupBy(batch, ({ request }) => request.row.queue_id)
      await Promise.all([...queues].map(([queueId, requests]) => this.#commit(queueId, requests)))
    }
    this.#flushing = false
  }

  async #commit(queueId: string, waiting: readonly Waiting[]): Promise<void> {
    const rows: NewRequestRow[] = []
    const bodies: AsyncBodyRow[] = []
    for (const { request } of waiting) {
      rows.push(request.row)
      if (request.body !== undefined) bodies.push(request.body)
    }
    try {
      await this.#database.commit([
        this.#count(queueId, { accepted: waiting.length, finished: 0 }, () => new QueueGone('the queue is gone')),
        ...requestInserts(this.#database, rows),
        ...bodyInserts(this.#database, bodies),
      ])
      for (const { resolve } of waiting) resolve()
      this.#onAccepted(queueId)
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    }
  }

  /** Takes up to `limit` of those that have waited longest, behind the id `after`, but for `held`. A claim's name is used for one instance's work item only. */
  async claim(
    queueId: string,
    instanceId: string,
    claim: string,
    limit: number,
    held: readonly string[] = [],
    after = '',
  ): Promise<readonly ClaimedRequest[]> {
    const values = { queueId, instanceId, claim, limit, after }
    const [result] = await this.#database.commit([
      // With some held back the SQL is another for each number of them, which is rare: it is not worth keeping.
      held.length === 0
        ? claiming.statement(this.#database, values)
        : statement(claimOf(this.#database.query, values, held)),
    ])
    return claimed(result?.rows ?? [])
  }

  /** As `claim`, of those that came no later than the one with the id `upTo`. */
  async claimUpTo(queueId: string, holder: string, claim: string, limit: number, upTo: string) {
    const values = { queueId, instanceId: holder, claim, limit, after: '', upTo }
    const [result] = await this.#database.commit([statement(claimOf(this.#database.query, values))])
    return claimed(result?.rows ?? [])
  }

  /** Whether there is a request behind the id `after` that nobody has: cheaper to ask than to claim in vain. */
  async hasWaiting(queueId: string, after = ''): Promise<boolean> {
    return (await oneWaiting.first(this.#database, { queueId, after })) !== undefined
  }

  /** As `claim`, of those that were not begun with in time. */
  async claimExpired(queueId: string, holder: string, claim: string, now: number, limit: number) {
    const [result] = await this.#database.commit([
      expiring.statement(this.#database, { queueId, instanceId: holder, claim, now, limit }),
    ])
    return claimed(result?.rows ?? [])
  }

  /** When the next request ends that waits and lives less than the usual time, in epoch milliseconds. */
  async nextExpiry(queueId: string): Promise<number | undefined> {
    const row = await nextExpiry.first(this.#database, { queueId })
    return row === undefined ? undefined : Number(row.expires_at)
  }

  /** Lets go of what `instanceId` has under another claim than this: its predecessor in the work item is no more. */
  recover(instanceId: string, claim: string): Statement {
    return statement(
      this.#database.query
        .updateTable('async_requests')
        .set({ claim: null, instance_id: null })
        .where('instance_id', '=', instanceId)
        .where('claim', '<>', claim),
    )
  }

  /** Lets go of what a purge has claimed before `before`, in epoch milliseconds, and has neither dropped nor given back. */
  recoverPurged(queueId: string, before: number): Statement {
    return statement(
      this.#database.query
        .updateTable('async_requests')
        .set({ claim: null, instance_id: null })
        .where('queue_id', '=', queueId)
        .where('instance_id', '=', purgeHolder(queueId))
        .where('claim', '<', purgeClaim(before, '')),
    )
  }

  /** Puts a request back where it was in the queue. `broke`: it is counted against the request. `trouble`: what for, if people should know. */
  giveBack({ queueId, requestId, claim }: ClaimedRequest, broke: boolean, trouble?: string): Statement {
    return statement(
      this.#database.query
        .updateTable('async_requests')
        .set({
          claim: null,
          instance_id: null,
          ...(broke && { breaks: sql<number>`breaks + 1` }),
          ...(trouble !== undefined && { trouble: trouble.slice(0, MOST_TROUBLE) }),
        })
        .where('queue_id', '=', queueId)
        .where('request_id', '=', requestId)
        .where('claim', '=', claim),
    )
  }

  /** What ends requests, for the unit of work that commits what came of them. @throws ClaimLost from `commit` */
  finish(...requests: readonly ClaimedRequest[]): Statement[] {
    const lost = () => new ClaimLost('the request is somebody else’s by now')
    const gone = () => new ClaimLost('the queue is gone')
    const queues = Map.groupBy(requests, ({ queueId }) => queueId)
    return [
      ...[...Map.groupBy(requests, ({ queueId, claim }) => `${queueId} ${claim}`).values()].flatMap((held) => {
        const { queueId, claim } = held[0] as ClaimedRequest
        return removals(this.#database, held, { leading: [queueId, claim], otherwise: lost })
      }),
      ...bodyRemovals(
        this.#database,
        requests.filter(({ document }) => document.inputLocation === undefined),
      ),
      ...[...queues].map(([queueId, { length }]) => this.#count(queueId, { accepted: 0, finished: length }, gone)),
    ]
  }

  body(requestId: string): Promise<AsyncBodyRow | undefined> {
    return bodyOf.first(this.#database, { requestId })
  }

  #count(
    queueId: string,
    { accepted, finished }: { accepted: number; finished: number },
    gone: () => Error,
  ): Statement {
    return counting.statement(this.#database, { worker: this.#worker, accepted, finished, queueId }, one(gone))
  }
}

/** A purge has a batch in hand for some milliseconds; one that was killed has it for ever. */
export const PURGE_MILLISECONDS = 60_000

/** Stands for the instance of requests that are being dropped. */
export const purgeHolder = (queueId: string): string => `purge/${queueId}`

/** Sorts by the time it was made at; `unique` tells it from others. */
export const purgeClaim = (now: number, unique: string): string => `${String(now).padStart(15, '0')}/${unique}`

function claimed(rows: readonly Row[]): readonly ClaimedRequest[] {
  return rows
    .map((row) => ({
      queueId: row.queue_id as string,
      requestId: row.request_id as string,
      claim: row.claim as string,
      receivedAt: row.received_at as number,
      expiresAt: row.expires_at as number,
      breaks: row.breaks as number,
      trouble: row.trouble as string | null,
      document: JSON.parse(row.document as string) as AsyncRequestDocument,
    }))
    .sort((one, other) => (one.requestId < other.requestId ? -1 : 1))
}
