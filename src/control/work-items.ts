import { type CompiledQuery, sql } from 'kysely'
import type { Database, Statement } from '../storage/database.ts'
import { prepared } from '../storage/prepared-query.ts'
import { statement } from '../storage/statement.ts'

/** One lease of one item. The number tells it from other leases of the same item, by this worker or another. */
export interface Lease {
  readonly kind: string
  readonly key: string
  readonly owner: string
  readonly number: number
}

/** An item as it is leased. */
export interface LeasedItem {
  readonly lease: Lease
  readonly attempts: number
}

interface FirstDue {
  readonly kind: string
  readonly due_at: number | null
}

const MOST_ERROR_TEXT = 2_000
/** Which kinds have room changes; the lists that are asked for are few. */
const MOST_KEPT = 100

/** Inserts, or moves to the earlier time; a leased item is marked to run again after this run. */
const enqueueing = prepared<{ kind: string; key: string; due_at: number }>((query, value) =>
  query
    .insertInto('work_items')
    .values({ kind: value('kind'), key: value('key'), due_at: value('due_at'), lease_number: 0, attempts: 0 })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'key']).doUpdateSet({
        due_at: sql<number>`case when work_items.lease_owner is null and work_items.due_at > excluded.due_at
        then excluded.due_at else work_items.due_at end`,
        again_at: sql<number | null>`case when work_items.lease_owner is null then null
        when work_items.again_at < excluded.due_at then work_items.again_at else excluded.due_at end`,
      }),
    ),
)

/** Epoch milliseconds. */
interface LeaseTimes {
  readonly now: number
  readonly dueBy: number
  /** When the lease runs out. */
  readonly until: number
}

/**
 * The SQL of the queue. `due_at` is when an item may be taken: for a leased one, when the lease runs out. So one
 * indexed comparison finds both what is due and what a dead worker has left.
 */
export class WorkItems {
  readonly #db: Database
  readonly #firstDue = new Map<string, CompiledQuery<FirstDue>>()

  constructor(db: Database) {
    this.#db = db
  }

  /** Inserts, or moves to the earlier time; a leased item is marked to run again after this run. */
  enqueue(kind: string, key: string, dueAt: number): Statement {
    return enqueueing.statement(this.#db, { kind, key, due_at: dueAt })
  }

  /** When the first item of each kind is due, or its lease runs out. */
  async firstDue(kinds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (kinds.length === 0) return new Map()
    const { query } = this.#db
    const { rows } = await query.executeQuery(this.#firstDueOf(query, kinds))
    return new Map(rows.flatMap((row) => (row.due_at === null ? [] : [[row.kind, row.due_at] as const])))
  }

  /** Asked after every commit, for few different lists of kinds: made once for each. */
  #firstDueOf(query: Database['query'], kinds: readonly string[]): CompiledQuery<FirstDue> {
    const name = kinds.join(' ')
    const known = this.#firstDue.get(name)
    if (known !== undefined) return known
    const first = (kind: string) =>
      query
        .selectFrom('work_items')
        .where('kind', '=', kind)
        .select(({ fn, val }) => [val(kind).as('kind'), fn.min<number | null>('due_at').as('due_at')])
    const [one, ...others] = kinds.map(first) as [ReturnType<typeof first>, ...ReturnType<typeof first>[]]
    const made = others.reduce((all, other) => all.unionAll(other), one).compile()
    if (this.#firstDue.size >= MOST_KEPT) this.#firstDue.clear()
    this.#firstDue.set(name, made)
    return made
  }

  /**
   * Takes up to `limit` items of a kind that have been due by `dueBy`, those that have waited longest first. Returns them when
   * committed.
   */
  lease(kind: string, owner: string, limit: number, { now, dueBy, until }: LeaseTimes): Statement {
    const { query } = this.#db
    return statement(
      query
        .updateTable('work_items')
        .set({
          lease_owner: owner,
          lease_number: sql<number>`lease_number + 1`,
          due_at: until,
          // Asked for while a worker that has died was running it: this run is the one.
          again_at: sql<number | null>`case when again_at > ${sql.val(now)} then again_at end`,
        })
        .where('kind', '=', kind)
        .where('key', 'in', (items) =>
          items
            .selectFrom('work_items')
            .select('key')
            .where('kind', '=', kind)
            .where('due_at', '<=', dueBy)
            .orderBy('due_at')
            .limit(limit),
        )
        .returning(['kind', 'key', 'lease_number', 'attempts']),
    )
  }

  /** Prolongs every lease of the owner. Returns those that it still holds. */
  renew(owner: string, until: number): Statement {
    return statement(
      this.#db.query
        .updateTable('work_items')
        .set({ due_at: until })
        .where('lease_owner', '=', owner)
        .returning(['kind', 'key', 'lease_number', 'attempts']),
    )
  }

  /** Ends a lease whose work is done: the item goes, unless it was asked for again meanwhile. */
  finish(lease: Lease): readonly Statement[] {
    return [
      statement(this.#held(lease).where('again_at', 'is', null)),
      this.#release(lease, sql<number>`again_at`, { attempts: 0, last_error: null }),
    ]
  }

  /** Ends a lease whose item is to run again at `dueAt`, or earlier if that was asked for meanwhile. */
  again(lease: Lease, dueAt: number): Statement {
    return this.#release(lease, earlier(dueAt), { attempts: 0, last_error: null })
  }

  /** Ends a lease whose handler has failed. */
  fail(lease: Lease, dueAt: number, attempts: number, error: string): Statement {
    return this.#release(lease, earlier(dueAt), { attempts, last_error: error.slice(0, MOST_ERROR_TEXT) })
  }

  /** Gives a lease back: the item is due at once. */
  giveBack(lease: Lease, now: number): Statement {
    return this.#release(lease, sql<number>`${sql.val(now)}`, {})
  }

  #held(lease: Lease) {
    return this.#db.query
      .deleteFrom('work_items')
      .where('kind', '=', lease.kind)
      .where('key', '=', lease.key)
      .where('lease_owner', '=', lease.owner)
      .where('lease_number', '=', lease.number)
  }

  #release(
    lease: Lease,
    dueAt: ReturnType<typeof sql<number>>,
    set: { readonly attempts?: number; readonly last_error?: string | null },
  ): Statement {
    return statement(
      this.#db.query
        .updateTable('work_items')
        .set({ ...set, due_at: dueAt, again_at: null, lease_owner: null })
        .where('kind', '=', lease.kind)
        .where('key', '=', lease.key)
        .where('lease_owner', '=', lease.owner)
        .where('lease_number', '=', lease.number),
    )
  }
}

const earlier = (dueAt: number) => {
  const value = sql.val(dueAt)
  return sql<number>`case when again_at < ${value} then again_at else ${value} end`
}
