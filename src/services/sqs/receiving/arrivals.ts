import type { Clock } from '../../../shared/clock.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { CommitWatch } from '../../../storage/commit-watch.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { Logger } from '../../../telemetry/log.ts'
import { QUEUES } from '../queues/queue-catalog.ts'

export interface ArrivalsDeps {
  readonly database: Database
  readonly watch: CommitWatch
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
  readonly log: Logger
}

/** SQLite takes up to 500 selects in a row. */
const MOST_QUEUES = 200
const AFTER_FAILURE = 1_000

/**
 * Wakes whoever waits for messages. Nobody polls: after a commit, of this process or another, one query looks at all
 * queues that are waited for, and a timer stands for the message that becomes visible next. Of those who wait for a queue
 * one is woken at a time, the first first; the next when that one has taken what it could.
 */
export class Arrivals {
  readonly #deps: ArrivalsDeps
  readonly #waiters = new Map<string, ((woken: boolean) => void)[]>()
  /** Queues from which somebody who has been woken is about to take. */
  readonly #taking = new Set<string>()
  readonly #announced = new WeakSet<Statement>()
  #closed = false
  #looking = false
  #again = false
  #timer: NodeJS.Timeout | undefined

  constructor(deps: ArrivalsDeps) {
    this.#deps = deps
    deps.watch.onCommit(() => this.look())
    deps.database.onCommit((unit) => {
      if (unit.some((one) => this.#announced.has(one))) this.look()
    })
    // A queue that has been purged goes by another id, one that is deleted by none.
    deps.changeFeed.subscribe(QUEUES, () => {
      for (const queueId of [...this.#waiters.keys()]) while (this.#wake(queueId));
    })
  }

  /** Marks a statement as one that brings messages, so that it is noticed at once where it is committed. */
  announces(statement: Statement): Statement {
    this.#announced.add(statement)
    return statement
  }

  /** Whether nobody waits any more, because the worker stops. */
  get closed(): boolean {
    return this.#closed
  }

  /** Ends every wait, and lets nobody wait from now on. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const queueId of [...this.#waiters.keys()]) while (this.#wake(queueId));
  }

  /**
   * Resolves when there may be something, at the latest after `milliseconds`, or when the signal aborts. Who is told `true`
   * calls `taken` when it has taken what it could.
   */
  wait(queueId: string, milliseconds: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(queueId) ?? []
      this.#waiters.set(queueId, waiters)
      const end = (woken: boolean) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', leave)
        const at = waiters.indexOf(end)
        if (at >= 0) waiters.splice(at, 1)
        if (waiters.length === 0 && this.#waiters.get(queueId) === waiters) this.#waiters.delete(queueId)
        resolve(woken)
      }
      const leave = () => end(false)
      const timer = setTimeout(leave, milliseconds)
      timer.unref()
      waiters.push(end)
      if (signal.aborted || this.#closed) return leave()
      signal.addEventListener('abort', leave, { once: true })
      // For what came between the last look and now.
      this.look()
    })
  }

  /** Whoever was woken has taken what it could: the others are looked after. */
  taken(queueId: string): void {
    this.#taking.delete(queueId)
    this.look()
  }

  /** Looks whether anybody who waits is to be woken. */
  look(): void {
    if (this.#waiters.size === 0) return
    this.#again = true
    if (!this.#looking) void this.#lookAll()
  }

  async #lookAll(): Promise<void> {
    this.#looking = true
    while (this.#again && this.#waiters.size > 0) {
      this.#again = false
      try {
        await this.#wakeDue()
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'queues cannot be looked at')
        this.#lookIn(AFTER_FAILURE)
      }
    }
    this.#looking = false
  }

  async #wakeDue(): Promise<void> {
    const ids = [...this.#waiters.keys()]
    const now = this.#deps.clock.now()
    let next = Number.POSITIVE_INFINITY
    for (let from = 0; from < ids.length; from += MOST_QUEUES) {
      for (const [queueId, at] of await this.#firstVisible(ids.slice(from, from + MOST_QUEUES))) {
        if (at <= now) this.#wakeToTake(queueId)
        else next = Math.min(next, at)
      }
    }
    if (next !== Number.POSITIVE_INFINITY) this.#lookIn(next - now)
  }

  async #firstVisible(ids: readonly string[]): Promise<readonly (readonly [string, number])[]> {
    const first = (id: string) =>
      this.#deps.database.query
        .selectFrom('sqs_messages')
        .where('queue_id', '=', id)
        .select(({ fn, val }) => [val(id).as('id'), fn.min('visible_at').as('at')])
    const [one, ...others] = ids.map(first)
    if (one === undefined) return []
    const rows = await others.reduce((query, other) => query.unionAll(other), one).execute()
    return rows.flatMap(({ id, at }) => (at === null ? [] : [[id, at] as const]))
  }

  #wakeToTake(queueId: string): void {
    const waiter = this.#waiters.get(queueId)?.[0]
    if (waiter === undefined || this.#taking.has(queueId)) return
    this.#taking.add(queueId)
    waiter(true)
  }

  /** Has one look for itself. */
  #wake(queueId: string): boolean {
    const waiter = this.#waiters.get(queueId)?.[0]
    waiter?.(false)
    return waiter !== undefined
  }

  #lookIn(milliseconds: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.look(), Math.min(60_000, Math.max(1, milliseconds)))
    this.#timer.unref()
  }
}
