import type { Clock } from '../shared/clock.ts'
import type { Logger } from '../telemetry/log.ts'
import { type ChangeFeed, EVERYTHING } from './change-feed.ts'
import type { CommitWatch } from './commit-watch.ts'
import type { Database, Statement } from './database.ts'
import { prepared } from './prepared-query.ts'
import { statement } from './statement.ts'

/** Changes older than this are pruned; a worker that was away for longer reloads everything. */
const KEEP_MILLISECONDS = 10 * 60_000
const PRUNE_INTERVAL = 60_000
const PAGE = 1_000
const AFTER_FAILURE = 1_000

export interface TableChangeFeedDeps {
  readonly db: Database
  readonly watch: CommitWatch
  readonly clock: Clock
  readonly log: Logger
}

/** Asked after each commit of another process. */
const changesAfter = prepared<{ seq: number }, { seq: number; topic: string; key: string }>((query, value) =>
  query
    .selectFrom('changes')
    .select(['seq', 'topic', 'key'])
    .where('seq', '>', value('seq'))
    .orderBy('seq')
    .limit(PAGE),
)

/** The change feed over the table `changes`. Begins with what is announced after it has been started. */
export async function startTableChangeFeed(deps: TableChangeFeedDeps): Promise<ChangeFeed> {
  const feed = new TableChangeFeed(deps)
  await feed.start()
  return feed
}

class TableChangeFeed implements ChangeFeed {
  readonly #deps: TableChangeFeedDeps
  readonly #listeners = new Map<string, Set<(key: string) => void>>()
  /** Statements of this process, to wake at once when one of them has been committed. */
  readonly #announced = new WeakSet<Statement>()
  readonly #unsubscribe: (() => void)[] = []
  #lastSeq = 0
  #pruneTimer: NodeJS.Timeout | undefined
  #reading: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(deps: TableChangeFeedDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    const { db, watch } = this.#deps
    this.#lastSeq = await this.#newest()
    this.#unsubscribe.push(
      watch.onCommit(() => this.#wake()),
      db.onCommit((unit) => {
        if (unit.some((one) => this.#announced.has(one))) this.#wake()
      }),
    )
    this.#pruneTimer = setInterval(() => void this.#prune(), PRUNE_INTERVAL)
    this.#pruneTimer.unref()
    // For what was announced while the listeners were being put up.
    this.#wake()
  }

  announce({ topic, key }: { topic: string; key: string }): Statement {
    const { db, clock } = this.#deps
    const made = statement(
      db.query.insertInto('changes').values(({ selectFrom, fn, val, eb }) => ({
        // Dense, because units run one after another: a gap is a pruned change.
        seq: selectFrom('changes').select(eb(fn.coalesce(fn.max('seq'), val(0)), '+', val(1)).as('next')),
        topic,
        key,
        at: clock.now(),
      })),
    )
    this.#announced.add(made)
    return made
  }

  subscribe(topic: string, listener: (key: string) => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, listeners)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#pruneTimer)
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    await this.#reading
  }

  #wake(): void {
    if (this.#stopped) return
    this.#again = true
    this.#reading ??= this.#readAll()
  }

  async #readAll(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        if (await this.#readPage()) this.#again = true
      } catch (error) {
        if (this.#stopped) break
        this.#deps.log.warn({ err: error }, 'the change feed cannot be read')
        setTimeout(() => this.#wake(), AFTER_FAILURE).unref()
        break
      }
    }
    // Here and not when the promise has settled: what wakes in between must not be lost.
    this.#reading = undefined
  }

  /** Delivers the next changes. True when there may be more. */
  async #readPage(): Promise<boolean> {
    const rows = await changesAfter.rows(this.#deps.db, { seq: this.#lastSeq })
    for (const row of rows) {
      if (this.#stopped) return false
      if (row.seq !== this.#lastSeq + 1) {
        // Skips what is left: it is among everything.
        this.#lastSeq = await this.#newest()
        for (const topic of this.#listeners.keys()) this.#deliver(topic, EVERYTHING)
        return true
      }
      this.#lastSeq = row.seq
      this.#deliver(row.topic, row.key)
    }
    return rows.length === PAGE
  }

  #deliver(topic: string, key: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) {
      try {
        listener(key)
      } catch (error) {
        this.#deps.log.error({ err: error, topic }, 'a listener of the change feed failed')
      }
    }
  }

  async #newest(): Promise<number> {
    const row = await this.#deps.db.query
      .selectFrom('changes')
      .select(({ fn }) => fn.max('seq').as('last'))
      .executeTakeFirst()
    return row?.last ?? 0
  }

  async #prune(): Promise<void> {
    const { db, clock, log } = this.#deps
    try {
      await pruneChanges(db, clock.now() - KEEP_MILLISECONDS)
    } catch (error) {
      log.warn({ err: error }, 'the change feed cannot be pruned')
    }
  }
}

/** Removes the changes made before `before` (epoch milliseconds), but for the newest: the numbering goes on from it. */
export async function pruneChanges(db: Database, before: number): Promise<void> {
  const changes = db.query.selectFrom('changes').select(['seq', 'at']).limit(1)
  const oldest = await changes.orderBy('seq').executeTakeFirst()
  const newest = await changes.orderBy('seq', 'desc').executeTakeFirst()
  if (newest === undefined || oldest === undefined || oldest.at >= before) return
  await db.commit([statement(db.query.deleteFrom('changes').where('at', '<', before).where('seq', '<', newest.seq))])
}
