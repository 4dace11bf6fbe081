import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import { LeaseLostError, WorkerDrainsError, type WorkHandler, type WorkQueue } from '../../src/control/work-queue.ts'
import { type CommitWatch, watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { type TestStore, testStores } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'

interface Worker {
  readonly db: Database
  readonly queue: WorkQueue
  readonly watch: CommitWatch
}

/** Ends when its signal aborts, with the signal's reason. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason))
  })

describe.each(testStores)('the work queue on $dialect', ({ create }) => {
  let store: TestStore
  let workers: Worker[] = []
  let now = 0
  beforeEach(async () => {
    now = 1_000_000
    store = await create()
  })
  afterEach(async () => {
    await Promise.all(
      workers.map(async ({ watch, queue }) => {
        watch.stop()
        await queue.stop()
      }),
    )
    workers = []
    await store.remove()
  })

  const startWorker = async (
    handlers: Readonly<Record<string, WorkHandler>>,
    options: {
      concurrency?: number
      spread?: boolean
      leaseMilliseconds?: number
      db?: (db: Database) => Database
    } = {},
  ): Promise<Worker> => {
    const opened = await store.open()
    const db = options.db?.(opened) ?? opened
    const watch = watchCommits(db, silentLogger)
    const clock = { now: () => now }
    const { leaseMilliseconds } = options
    const queue = createWorkQueue({ db, watch, clock, log: silentLogger, random: () => 0, leaseMilliseconds })
    for (const [kind, handler] of Object.entries(handlers)) {
      queue.handle(kind, handler, { concurrency: options.concurrency ?? 4, spread: options.spread })
    }
    queue.start()
    const worker = { db, queue, watch }
    workers.push(worker)
    return worker
  }
  const items = (db: Database) => db.query.selectFrom('work_items').selectAll().orderBy('kind').orderBy('key').execute()
  /** Makes the workers look at the database, whose clock has been moved. */
  const nudge = ({ db, queue }: Worker) => db.commit([queue.enqueue('nobody', 'handles this')])

  test('hands each item to one worker, and forgets it when it is done', async () => {
    const handled: string[] = []
    const handler: WorkHandler = async ({ key }) => {
      handled.push(key)
      return { done: true }
    }
    const [one, two] = [await startWorker({ a: handler }), await startWorker({ a: handler })]
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`)
    await Promise.all(
      keys.map((key, index) => {
        const { db, queue } = index % 2 === 0 ? one : two
        return db.commit([queue.enqueue('a', key)])
      }),
    )
    await eventually(async () => expect(await items(one.db)).toEqual([]))
    expect(handled.sort()).toEqual(keys.sort())
  })

  test('runs nothing of a unit that was rolled back, nor kinds without a handler here', async () => {
    const handled: string[] = []
    const worker = await startWorker({
      a: async ({ key }) => {
        handled.push(key)
        return { done: true }
      },
    })
    const { db, queue } = worker
    const bad = { query: db.query.insertInto('changes').values({ seq: 1, topic: 't', key: 'k', at: 1 }).compile() }
    await expect(db.commit([queue.enqueue('a', 'undone'), bad, bad])).rejects.toThrow()
    await db.commit([queue.enqueue('b', 'not mine'), queue.enqueue('a', 'mine')])
    await eventually(async () => expect((await items(db)).map((item) => item.key)).toEqual(['not mine']))
    expect(handled).toEqual(['mine'])
  })

  test('runs no more at once than it may', async () => {
    let running = 0
    let most = 0
    const release: (() => void)[] = []
    const handler: WorkHandler = async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => release.push(resolve))
      running--
      return { done: true }
    }
    const { db, queue } = await startWorker({ a: handler }, { concurrency: 3 })
    await db.commit(Array.from({ length: 7 }, (_, index) => queue.enqueue('a', `k${index}`)))
    for (let left = 7; left > 0; left--) {
      await eventually(() => expect(release.length).toBe(Math.min(3, left)))
      release.shift()?.()
    }
    await eventually(async () => expect(await items(db)).toEqual([]))
    expect(most).toBe(3)
  })

  test('runs an item once more when it is enqueued while it runs', async () => {
    const runs: string[] = []
    let finish = () => {}
    const handler: WorkHandler = async ({ key }) => {
      runs.push(key)
      if (runs.length === 1) await new Promise<void>((resolve) => (finish = resolve))
      return { done: true }
    }
    const { db, queue } = await startWorker({ a: handler })
    await db.commit([queue.enqueue('a', 'k')])
    await eventually(() => expect(runs).toHaveLength(1))
    await db.commit([queue.enqueue('a', 'k')])
    await db.commit([queue.enqueue('a', 'k'), queue.enqueue('a', 'k', { delayMilliseconds: 5_000 })])
    finish()
    await eventually(async () => expect(await items(db)).toEqual([]))
    expect(runs).toEqual(['k', 'k'])
  })

  test('an item enqueued with a delay while it runs comes back after the delay', async () => {
    let runs = 0
    let finish = () => {}
    const handler: WorkHandler = async () => {
      if (++runs === 1) await new Promise<void>((resolve) => (finish = resolve))
      return { done: true }
    }
    const worker = await startWorker({ a: handler })
    const { db, queue } = worker
    await db.commit([queue.enqueue('a', 'k')])
    await eventually(() => expect(runs).toBe(1))
    await db.commit([queue.enqueue('a', 'k', { delayMilliseconds: 60_000 })])
    finish()
    await eventually(async () => {
      expect(await items(db)).toMatchObject([{ lease_owner: null, due_at: now + 60_000, again_at: null }])
    })
    now += 60_000
    await nudge(worker)
    await eventually(() => expect(runs).toBe(2))
  })

  test('an item that is due later runs when its time has come, without any commit', async () => {
    const started = Date.now()
    const tick = setInterval(() => {
      now = 1_000_000 + Date.now() - started
    }, 1)
    let runs = 0
    const handler: WorkHandler = async () => (++runs < 3 ? { done: false, againInMilliseconds: 40 } : { done: true })
    const { db, queue } = await startWorker({ a: handler })
    await db.commit([queue.enqueue('a', 'k', { delayMilliseconds: 50 })])
    await eventually(async () => expect(await items(db)).toEqual([]))
    clearInterval(tick)
    expect(runs).toBe(3)
    expect(Date.now() - started).toBeGreaterThanOrEqual(130)
  })

  test('a waiting item keeps the earlier of two times', async () => {
    const { db, queue } = await startWorker({})
    await db.commit([queue.enqueue('a', 'k', { delayMilliseconds: 9_000 })])
    await db.commit([queue.enqueue('a', 'k', { delayMilliseconds: 4_000 })])
    await db.commit([queue.enqueue('a', 'k', { delayMilliseconds: 30_000 })])
    expect(await items(db)).toMatchObject([{ due_at: now + 4_000, again_at: null, lease_number: 0 }])
  })

  test('waits longer after each failure, keeps the error, and forgets both after a success', async () => {
    const attempts: number[] = []
    let broken = true
    const handler: WorkHandler = async (item) => {
      attempts.push(item.attempts)
      if (broken) throw new Error('no luck')
      return { done: false, againInMilliseconds: 5_000 }
    }
    const worker = await startWorker({ a: handler })
    const { db, queue } = worker
    await db.commit([queue.enqueue('a', 'k')])
    for (const delay of [250, 500, 1_000]) {
      await eventually(async () => {
        expect((await items(db))[0]).toMatchObject({
          due_at: now + delay,
          last_error: 'Error: no luck',
          lease_owner: null,
        })
      })
      if (delay === 1_000) broken = false
      now += delay
      await nudge(worker)
    }
    await eventually(async () => {
      expect((await items(db))[0]).toMatchObject({ due_at: now + 5_000, last_error: null, attempts: 0 })
    })
    expect(attempts).toEqual([0, 1, 2, 3])
  })

  test('a handler that answers nonsense has failed', async () => {
    const { db, queue } = await startWorker({ a: (async () => undefined) as unknown as WorkHandler })
    await db.commit([queue.enqueue('a', 'k')])
    await eventually(async () => expect((await items(db))[0]).toMatchObject({ attempts: 1 }))
  })

  test('renews the lease of a handler that takes long', async () => {
    let finish = () => {}
    const handler: WorkHandler = async () => {
      await new Promise<void>((resolve) => (finish = resolve))
      return { done: true }
    }
    const { db, queue } = await startWorker({ a: handler }, { leaseMilliseconds: 60 })
    await db.commit([queue.enqueue('a', 'k')])
    await eventually(async () => expect((await items(db))[0]?.lease_owner).toBeTypeOf('string'))
    now += 50
    await eventually(async () => expect((await items(db))[0]?.due_at).toBe(now + 60))
    finish()
    await eventually(async () => expect(await items(db)).toEqual([]))
  })

  test('takes over from a worker that no longer renews, and that worker notices', async () => {
    let cutOff = false
    const deaf = (db: Database): Database => ({
      ...db,
      commit: (unit) => (cutOff ? Promise.reject(new Error('cut off')) : db.commit(unit)),
    })
    const reasons: unknown[] = []
    const stuck: WorkHandler = async (_, signal) => {
      await untilAborted(signal).catch((reason) => reasons.push(reason))
      return { done: true }
    }
    const runs: string[] = []
    const one = await startWorker({ a: stuck }, { leaseMilliseconds: 300, db: deaf })
    await one.db.commit([one.queue.enqueue('a', 'k')])
    await eventually(async () => expect((await items(one.db))[0]?.lease_owner).toBeTypeOf('string'))
    const two = await startWorker({
      a: async ({ key, attempts }) => {
        runs.push(`${key} ${attempts}`)
        return { done: false, againInMilliseconds: 1_000 }
      },
    })
    await nudge(two)
    expect(runs).toEqual([])
    cutOff = true
    now += 301
    await nudge(two)
    await eventually(() => expect(runs).toEqual(['k 0']))
    await eventually(() => expect(reasons[0]).toBeInstanceOf(LeaseLostError))
    cutOff = false
    // The outcome of the one that lost the lease changes nothing.
    await one.queue.stop()
    await eventually(async () => {
      expect((await items(two.db))[0]).toMatchObject({
        key: 'k',
        due_at: now + 1_000,
        lease_number: 2,
        lease_owner: null,
      })
    })
  })

  test('notices at the next renewal that another worker has taken over', async () => {
    const reasons: unknown[] = []
    const stuck: WorkHandler = async (_, signal) => {
      await untilAborted(signal).catch((reason) => reasons.push(reason))
      throw new Error('aborted')
    }
    const one = await startWorker({ a: stuck }, { leaseMilliseconds: 60 })
    await one.db.commit([one.queue.enqueue('a', 'k')])
    await eventually(async () => expect((await items(one.db))[0]?.lease_owner).toBeTypeOf('string'))
    const taken = { lease_owner: 'another', lease_number: 2, due_at: now + 10_000 }
    await one.db.commit([{ query: one.db.query.updateTable('work_items').set(taken).compile() }])
    await eventually(() => expect(reasons[0]).toBeInstanceOf(LeaseLostError))
    await one.queue.stop()
    expect((await items(one.db))[0]).toMatchObject(taken)
  })

  test('gives back a lease that nobody here knows of', async () => {
    let finish = () => {}
    const runs: string[] = []
    const handler: WorkHandler = async ({ key }) => {
      runs.push(key)
      if (key === 'long') await new Promise<void>((resolve) => (finish = resolve))
      return { done: true }
    }
    const { db, queue } = await startWorker({ a: handler }, { leaseMilliseconds: 60 })
    await db.commit([queue.enqueue('a', 'long')])
    await eventually(async () => expect((await items(db))[0]?.lease_owner).toBeTypeOf('string'))
    const owner = (await items(db))[0]?.lease_owner
    const stray = { kind: 'a', key: 'stray', due_at: now + 60, lease_owner: owner, lease_number: 5, attempts: 0 }
    await db.commit([{ query: db.query.insertInto('work_items').values(stray).compile() }])
    await eventually(() => expect(runs).toEqual(['long', 'stray']))
    finish()
  })

  test('gives its leases back when it stops, and another carries on at once', async () => {
    const reasons: unknown[] = []
    const one = await startWorker({
      a: async (_, signal) => {
        await untilAborted(signal).catch((reason) => reasons.push(reason))
        throw new Error('stopped half-way')
      },
      b: async (_, signal) => {
        await untilAborted(signal).catch(() => {})
        return { done: true }
      },
    })
    await one.db.commit([one.queue.enqueue('a', 'k'), one.queue.enqueue('b', 'k')])
    await eventually(async () => {
      expect((await items(one.db)).map((item) => typeof item.lease_owner)).toEqual(['string', 'string'])
    })
    await one.queue.stop()
    expect(reasons[0]).toBeInstanceOf(WorkerDrainsError)
    expect(await items(one.db)).toMatchObject([{ kind: 'a', lease_owner: null, due_at: now, attempts: 0 }])
    const runs: number[] = []
    await startWorker({
      a: async ({ attempts }) => {
        runs.push(attempts)
        return { done: true }
      },
    })
    await eventually(() => expect(runs).toEqual([0]))
  })

  test('carries on after the database could not be used for a while', async () => {
    let failing = true
    const moody = (db: Database): Database => ({
      ...db,
      commit: (unit) => (failing ? Promise.reject(new Error('not now')) : db.commit(unit)),
    })
    const runs: string[] = []
    const moodyWorker = await startWorker(
      {
        a: async ({ key }) => {
          runs.push(key)
          return { done: true }
        },
      },
      { db: moody },
    )
    const other = await startWorker({})
    await other.db.commit([other.queue.enqueue('a', 'k')])
    await eventually(async () => expect(await items(moodyWorker.db)).toHaveLength(1))
    failing = false
    await eventually(() => expect(runs).toEqual(['k']))
  })

  test('spreads work that lasts over the workers, and leaves none of it undone', async () => {
    const held: string[][] = [[], []]
    const lasting =
      (worker: number): WorkHandler =>
      async ({ key }, signal) => {
        held[worker]?.push(key)
        return untilAborted(signal)
      }
    const [one] = [
      await startWorker({ a: lasting(0) }, { spread: true }),
      await startWorker({ a: lasting(1) }, { spread: true }),
    ]
    // Time that stands still would have them wait for ever.
    const clock = setInterval(() => now++, 1)
    try {
      await one.db.commit(['w', 'x', 'y', 'z'].map((key) => one.queue.enqueue('a', key)))
      await eventually(() => expect(held.flat().sort()).toEqual(['w', 'x', 'y', 'z']))
      expect(held.map(({ length }) => length).filter((length) => length > 0)).toHaveLength(2)
    } finally {
      clearInterval(clock)
    }
  })

  test('asks an idle database for nothing but its mark', async () => {
    let reads = 0
    let commits = 0
    const counting = (db: Database): Database => ({
      ...db,
      get query() {
        reads++
        return db.query
      },
      commit: (unit) => {
        commits++
        return db.commit(unit)
      },
    })
    const { db } = await startWorker({ a: async () => ({ done: true }) }, { db: counting })
    // Once when it starts, once when the mark is first seen.
    await eventually(() => expect(reads).toBe(2))
    let looks = 0
    const settled = reads
    await eventually(async () => {
      await db.commitMark()
      expect(++looks).toBeGreaterThan(20)
    })
    expect([reads - settled, commits]).toEqual([0, 0])
  })
})
