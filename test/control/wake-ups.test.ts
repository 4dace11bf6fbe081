import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createWorkQueue } from '../../src/control/database-work-queue.ts'
import type { WorkHandler, WorkQueue } from '../../src/control/work-queue.ts'
import type { Database, Statement } from '../../src/storage/database.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { type TestStore, testStores } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'

/** More than there are between the end of a read or a commit and the moment at which the queue has dealt with it. */
const MOMENTS = 24
/** What is woken is done at once; what is not never is, because nothing else wakes these queues. */
const PATIENCE = 3_000

/** Runs `then` after so many turns of the microtask queue. */
async function turnsLater(turns: number, then: () => void): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await undefined
  then()
}

/** A queue that no watch and no clock wakes, and whose reads and commits the test follows. */
interface Alone {
  readonly db: Database
  readonly queue: WorkQueue
  /** Tells the queue of a unit that has been committed. */
  tell(unit: readonly Statement[]): void
  /** Done once, after the database has answered and before the queue hears of it. */
  afterRead: (() => Promise<void>) | undefined
  afterCommit: (() => Promise<void>) | undefined
}

describe.each(testStores)('a work queue on $dialect that hears of a commit', ({ create }) => {
  let store: TestStore
  let alone: Alone
  const handlers = new Map<string, WorkHandler>()
  const handled: string[] = []
  beforeEach(async () => {
    store = await create()
    handlers.clear()
    handled.length = 0
    alone = start(await store.open())
  })
  afterEach(async () => {
    await alone.queue.stop()
    await store.remove()
  })

  const start = (db: Database): Alone => {
    const listeners = new Set<(unit: readonly Statement[]) => void>()
    const query = new Proxy(db.query, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        if (name !== 'executeQuery') return member.bind(target)
        return async (compiled: Parameters<typeof target.executeQuery>[0]) => {
          const result = await target.executeQuery(compiled)
          const then = alone.afterRead
          alone.afterRead = undefined
          await then?.()
          return result
        }
      },
    })
    const followed: Database = {
      ...db,
      query,
      commit: async (unit) => {
        const results = await db.commit(unit)
        const then = alone.afterCommit
        alone.afterCommit = undefined
        await then?.()
        return results
      },
      onCommit: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
    const watch = { onCommit: () => () => {}, stop: () => {} }
    const queue = createWorkQueue({ db: followed, watch, clock: { now: () => 1_000_000 }, log: silentLogger })
    for (const [kind, concurrency] of [
      ['one', 1],
      ['many', 8],
    ] as const)
      queue.handle(
        kind,
        async (item, signal) => {
          handled.push(item.key)
          return (await handlers.get(item.key)?.(item, signal)) ?? { done: true }
        },
        { concurrency },
      )
    const tell = (unit: readonly Statement[]) => {
      for (const listener of listeners) listener(unit)
    }
    queue.start()
    return { db, queue, tell, afterRead: undefined, afterCommit: undefined }
  }

  test('at any moment of a look that does not see it', async () => {
    const { db, queue, tell } = alone
    for (let moment = 0; moment < MOMENTS; moment++) {
      const unit = [queue.enqueue('many', `late ${moment}`)]
      const read = new Promise<void>((resolve) => {
        alone.afterRead = async () => {
          await db.commit(unit)
          void turnsLater(moment, () => tell(unit))
          resolve()
        }
      })
      // Of what is not there: the queue looks, and finds nothing.
      tell([queue.enqueue('many', 'nothing')])
      await read
      await eventually(() => expect(handled).toContain(`late ${moment}`), PATIENCE)
    }
  }, 60_000)

  test('at any moment of the lease of something else', async () => {
    const { db, queue, tell } = alone
    for (let moment = 0; moment < MOMENTS; moment++) {
      const unit = [queue.enqueue('many', `late ${moment}`)]
      let end = () => {}
      // The end of a run wakes the queue too: this one waits for the other.
      handlers.set(`first ${moment}`, async () => {
        await new Promise<void>((resolve) => (end = resolve))
        return { done: true }
      })
      alone.afterCommit = async () => {
        await db.commit(unit)
        void turnsLater(moment, () => tell(unit))
      }
      const first = [queue.enqueue('many', `first ${moment}`)]
      await db.commit(first)
      tell(first)
      await eventually(() => expect(handled).toContain(`late ${moment}`), PATIENCE)
      end()
    }
  }, 60_000)

  test('at any moment of the end of a run that had the only place', async () => {
    const { db, queue, tell } = alone
    for (let moment = 0; moment < MOMENTS; moment++) {
      const unit = [queue.enqueue('one', `late ${moment}`)]
      handlers.set(`first ${moment}`, async () => {
        // Of the commit that records how this has ended.
        alone.afterCommit = async () => {
          await db.commit(unit)
          void turnsLater(moment, () => tell(unit))
        }
        return { done: true }
      })
      const first = [queue.enqueue('one', `first ${moment}`)]
      await db.commit(first)
      tell(first)
      await eventually(() => expect(handled).toContain(`late ${moment}`), PATIENCE)
    }
  }, 60_000)

  test('while the only place is taken, by another item or by an earlier run of this one', async () => {
    const { db, queue, tell } = alone
    for (const late of ['another', 'first']) {
      let end = () => {}
      handlers.set('first', async () => {
        await new Promise<void>((resolve) => (end = resolve))
        return { done: true }
      })
      handled.length = 0
      const first = [queue.enqueue('one', 'first')]
      await db.commit(first)
      tell(first)
      await eventually(() => expect(handled).toEqual(['first']), PATIENCE)
      handlers.clear()
      const unit = [queue.enqueue('one', late)]
      await db.commit(unit)
      const looked = new Promise<void>((resolve) => {
        alone.afterRead = async () => resolve()
      })
      tell(unit)
      // It has looked, and had no place for it.
      await looked
      end()
      await eventually(() => expect(handled).toEqual(['first', late]), PATIENCE)
    }
  })
})
