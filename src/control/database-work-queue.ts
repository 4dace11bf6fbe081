import { randomUUID } from 'node:crypto'
import type { Clock } from '../shared/clock.ts'
import type { CommitWatch } from '../storage/commit-watch.ts'
import type { Database, Row, Statement } from '../storage/database.ts'
import type { Logger } from '../telemetry/log.ts'
import { backoff } from './backoff.ts'
import { type Running, RunningWork } from './running-work.ts'
import { type Lease, type LeasedItem, WorkItems } from './work-items.ts'
import { WorkerDrainsError, type WorkHandler, type WorkOptions, type WorkQueue } from './work-queue.ts'

export interface WorkQueueDeps {
  readonly db: Database
  readonly watch: CommitWatch
  readonly clock: Clock
  readonly log: Logger
  /** Names this worker; never the same twice, not even after a restart. */
  readonly workerId?: string
  /** 0 to 1, for the jitter of the backoff. */
  readonly random?: () => number
  /** How long a lease holds without renewal: the time after which a dead worker's items are taken over. */
  readonly leaseMilliseconds?: number
}

/** Milliseconds until the database is asked again after it has failed. */
const AFTER_FAILURE = 1_000
const LONGEST_TIMER = 60_000
/**
 * For how many milliseconds an item that is to be spread is left to other workers, for each one that this worker has: about as long
 * as they take to hear of a commit and look.
 */
const SPREAD = { sqlite: 60, postgres: 250 } as const
const MOST_SPREAD = 1_000

/** The work queue over the table `work_items`. An idle worker asks the database only after somebody has committed. */
export function createWorkQueue(deps: WorkQueueDeps): WorkQueue {
  return new DatabaseWorkQueue(deps)
}

interface Registration {
  readonly handler: WorkHandler
  readonly concurrency: number
  readonly spread: boolean
}

class DatabaseWorkQueue implements WorkQueue {
  readonly #deps: WorkQueueDeps
  readonly #items: WorkItems
  readonly #owner: string
  readonly #leaseTime: number
  readonly #handlers = new Map<string, Registration>()
  readonly #running = new RunningWork()
  /** Statements of this process, to look at once when one of them has been committed. */
  readonly #enqueued = new WeakSet<Statement>()
  #unsubscribe: (() => void)[] = []
  #state: 'new' | 'started' | 'stopping' | 'stopped' = 'new'
  #pumping: Promise<void> | undefined
  #pumpAgain = false
  #wakeTimer: NodeJS.Timeout | undefined
  #renewTimer: NodeJS.Timeout | undefined
  #renewing = false

  constructor(deps: WorkQueueDeps) {
    this.#deps = deps
    this.#items = new WorkItems(deps.db)
    this.#owner = deps.workerId ?? randomUUID()
    this.#leaseTime = deps.leaseMilliseconds ?? 6_000
  }

  enqueue(kind: string, key: string, options: { readonly delayMilliseconds?: number } = {}): Statement {
    const made = this.#items.enqueue(kind, key, this.#deps.clock.now() + (options.delayMilliseconds ?? 0))
    this.#enqueued.add(made)
    return made
  }

  handle(kind: string, handler: WorkHandler, options: WorkOptions): void {
    if (this.#handlers.has(kind)) throw new Error(`There is a handler for ${kind} already`)
    this.#handlers.set(kind, { handler, concurrency: options.concurrency, spread: options.spread ?? false })
    this.#pump()
  }

  start(): void {
    if (this.#state !== 'new') throw new Error('A work queue is started once')
    this.#state = 'started'
    this.#unsubscribe = [
      this.#deps.watch.onCommit(() => this.#pump()),
      this.#deps.db.onCommit((unit) => {
        if (unit.some((one) => this.#enqueued.has(one))) this.#pump()
      }),
    ]
    this.#renewTimer = setInterval(() => void this.#renew(), this.#leaseTime / 3)
    this.#renewTimer.unref()
    this.#pump()
  }

  async stop(): Promise<void> {
    if (this.#state === 'new') this.#state = 'stopped'
    if (this.#state === 'started') this.#state = 'stopping'
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe()
    clearTimeout(this.#wakeTimer)
    const reason = new WorkerDrainsError('The worker is stopping')
    for (const { controller } of this.#running.all()) controller.abort(reason)
    await this.#pumping
    // Renewals go on meanwhile: what still runs here must not run elsewhere.
    while (this.#running.size > 0) await Promise.all(this.#running.all().map((running) => running.ended))
    clearInterval(this.#renewTimer)
    this.#state = 'stopped'
  }

  /** Leases what is due, as far as handlers are free; then sets the timer for what is due next. */
  #pump(): void {
    if (this.#state !== 'started') return
    this.#pumpAgain = true
    this.#pumping ??= this.#pumpAll()
  }

  async #pumpAll(): Promise<void> {
    while (this.#pumpAgain && this.#state === 'started') {
      this.#pumpAgain = false
      clearTimeout(this.#wakeTimer)
      try {
        const nextDue = await this.#leaseDue()
        if (nextDue !== undefined) this.#wakeIn(nextDue - this.#deps.clock.now())
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'the work queue cannot be read')
        this.#wakeIn(AFTER_FAILURE)
      }
    }
    // Here and not when the promise has settled: what asks in between must not be lost.
    this.#pumping = undefined
  }

  /** Returns when the next item is due, if that is known without looking again. */
  async #leaseDue(): Promise<number | undefined> {
    const free = new Map<string, number>()
    for (const [kind, { concurrency }] of this.#handlers) {
      const slots = concurrency - this.#running.count(kind)
      if (slots > 0) free.set(kind, slots)
    }
    const due = await this.#items.firstDue([...free.keys()])
    const now = this.#deps.clock.now()
    const takenAt = [...due].map(([kind, at]) => ({ kind, at: at + this.#patience(kind) }))
    const ready = takenAt.filter(({ at }) => at <= now).map(({ kind }) => kind)
    if (ready.length === 0) return takenAt.length === 0 ? undefined : Math.min(...takenAt.map(({ at }) => at))

    const until = now + this.#leaseTime
    const results = await this.#deps.db.commit(
      ready.map((kind) => {
        const limit = this.#handlers.get(kind)?.spread ? 1 : (free.get(kind) ?? 0)
        return this.#items.lease(kind, this.#owner, limit, { now, dueBy: now - this.#patience(kind), until })
      }),
    )
    for (const { rows } of results) {
      for (const leased of this.#leased(rows)) this.#begin(leased, until)
    }
    this.#pumpAgain = true
    return undefined
  }

  /** For how many milliseconds an item of this kind is left to others once it is due. */
  #patience(kind: string): number {
    if (!this.#handlers.get(kind)?.spread) return 0
    return Math.min(MOST_SPREAD, SPREAD[this.#deps.db.dialect] * this.#running.count(kind))
  }

  #wakeIn(milliseconds: number): void {
    clearTimeout(this.#wakeTimer)
    if (this.#state !== 'started') return
    this.#wakeTimer = setTimeout(() => this.#pump(), Math.min(LONGEST_TIMER, Math.max(1, milliseconds)))
    this.#wakeTimer.unref()
  }

  #leased(rows: readonly Row[]): readonly LeasedItem[] {
    return rows.map((row) => ({
      lease: {
        kind: row.kind as string,
        key: row.key as string,
        owner: this.#owner,
        number: row.lease_number as number,
      },
      attempts: row.attempts as number,
    }))
  }

  #begin({ lease, attempts }: LeasedItem, until: number): void {
    const item = { kind: lease.kind, key: lease.key, attempts }
    const running: Running = { lease, item, until, controller: new AbortController(), ended: Promise.resolve() }
    // Leased while the worker began to stop: the handler sees at once that it is to end.
    if (this.#state !== 'started') running.controller.abort(new WorkerDrainsError('The worker is stopping'))
    this.#running.add(running)
    running.ended = this.#handle(running).finally(() => {
      this.#running.remove(running)
      this.#pump()
    })
  }

  async #handle(running: Running): Promise<void> {
    const { db, log } = this.#deps
    const { lease } = running
    try {
      await db.commit(await this.#outcome(running))
    } catch (error) {
      // The item is still leased: it is given back by a renewal, or its lease runs out, and it runs again.
      log.warn({ err: error, kind: lease.kind, key: lease.key }, 'the outcome of work cannot be recorded')
    }
  }

  /** Runs the handler. Returns the statements that record what came of it. */
  async #outcome({ lease, item, controller }: Running): Promise<readonly Statement[]> {
    const { clock, log, random = Math.random } = this.#deps
    const { signal } = controller
    try {
      if (signal.aborted) throw signal.reason
      const { handler } = this.#handlers.get(lease.kind) as Registration
      const outcome = await handler(item, signal)
      if (outcome.done) return this.#items.finish(lease)
      return [this.#items.again(lease, clock.now() + outcome.againInMilliseconds)]
    } catch (error) {
      if (signal.aborted) return [this.#items.giveBack(lease, clock.now())]
      const attempts = item.attempts + 1
      const delay = backoff(attempts, random())
      log.warn({ err: error, kind: lease.kind, key: lease.key, attempts, delay }, 'work failed')
      return [this.#items.fail(lease, clock.now() + delay, attempts, String(error))]
    }
  }

  async #renew(): Promise<void> {
    const { db, clock, log } = this.#deps
    if (this.#renewing) return this.#running.abortExpired(clock.now())
    const asked = this.#running.all()
    if (asked.length === 0) return
    this.#renewing = true
    try {
      const until = clock.now() + this.#leaseTime
      const [result] = await db.commit([this.#items.renew(this.#owner, until)])
      const held = this.#leased(result?.rows ?? []).map(({ lease }) => lease)
      const strays: readonly Lease[] = this.#running.renewed(asked, held, until)
      if (strays.length > 0) await db.commit(strays.map((lease) => this.#items.giveBack(lease, clock.now())))
    } catch (error) {
      log.warn({ err: error }, 'leases cannot be renewed')
      this.#running.abortExpired(clock.now())
    } finally {
      this.#renewing = false
    }
  }
}
