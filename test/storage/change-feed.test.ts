import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ChangeFeed, EVERYTHING } from '../../src/storage/change-feed.ts'
import { type CommitWatch, watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database } from '../../src/storage/database.ts'
import { none, statement } from '../../src/storage/statement.ts'
import { pruneChanges, startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { type TestStore, testStores } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'

interface Worker {
  readonly db: Database
  readonly feed: ChangeFeed
  readonly watch: CommitWatch
}

describe.each(testStores)('the change feed on $dialect', ({ create }) => {
  let store: TestStore
  let workers: Worker[] = []
  let now = 1_000
  beforeEach(async () => {
    store = await create()
  })
  afterEach(async () => {
    for (const { watch, feed } of workers) {
      watch.stop()
      await feed.stop()
    }
    workers = []
    await store.remove()
  })

  const startWorker = async (): Promise<Worker> => {
    const db = await store.open()
    const watch = watchCommits(db, silentLogger)
    const feed = await startTableChangeFeed({ db, watch, clock: { now: () => now }, log: silentLogger })
    const worker = { db, watch, feed }
    workers.push(worker)
    return worker
  }
  const announce = ({ db, feed }: Worker, topic: string, ...keys: string[]) =>
    db.commit(keys.map((key) => feed.announce({ topic, key })))

  test('tells every worker what any has committed, in order and by topic', async () => {
    const [one, two] = [await startWorker(), await startWorker()]
    const heard: string[][] = [[], [], []]
    one.feed.subscribe('routes', (key) => heard[0]?.push(key))
    two.feed.subscribe('routes', (key) => heard[1]?.push(key))
    two.feed.subscribe('keys', (key) => heard[2]?.push(key))
    await announce(one, 'routes', 'a', 'b')
    await announce(two, 'keys', 'k')
    await announce(two, 'routes', 'c')
    await eventually(() => expect(heard).toEqual([['a', 'b', 'c'], ['a', 'b', 'c'], ['k']]))
  })

  test('keeps the commit order with many writers, and loses nothing', async () => {
    const [one, two] = [await startWorker(), await startWorker()]
    const heard: string[][] = [[], []]
    one.feed.subscribe('t', (key) => heard[0]?.push(key))
    two.feed.subscribe('t', (key) => heard[1]?.push(key))
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key, index) => announce(index % 2 === 0 ? one : two, 't', key)))
    await eventually(() => {
      expect(heard[0]).toHaveLength(300)
      expect(heard[1]).toHaveLength(300)
    })
    expect(heard[0]).toEqual(heard[1])
    expect([...(heard[0] ?? [])].sort()).toEqual([...keys].sort())
  })

  test('says nothing about what was rolled back, nor about what came before', async () => {
    const one = await startWorker()
    await announce(one, 't', 'before')
    const late = await startWorker()
    const heard: string[] = []
    late.feed.subscribe('t', (key) => heard.push(key))
    const impossible = statement(
      one.db.query.selectFrom('changes').select('seq'),
      none(() => new Error('no')),
    )
    await expect(one.db.commit([one.feed.announce({ topic: 't', key: 'undone' }), impossible])).rejects.toThrow('no')
    await announce(one, 't', 'after')
    await eventually(() => expect(heard).toEqual(['after']))
  })

  test('wakes the process that commits at once', async () => {
    const db = await store.open()
    // A watch that never notices anything.
    const watch: CommitWatch = { onCommit: () => () => {}, stop: () => {} }
    const feed = await startTableChangeFeed({ db, watch, clock: { now: () => now }, log: silentLogger })
    const worker = { db, watch, feed }
    workers.push(worker)
    const heard: string[] = []
    feed.subscribe('t', (key) => heard.push(key))
    await announce(worker, 't', 'mine')
    await eventually(() => expect(heard).toEqual(['mine']))
  })

  test('has everything reloaded after changes were pruned unread, and goes on', async () => {
    const db = await store.open()
    let notice = () => {}
    const watch: CommitWatch = {
      onCommit: (listener) => {
        notice = listener
        return () => {}
      },
      stop: () => {},
    }
    const away = {
      db,
      watch,
      feed: await startTableChangeFeed({ db, watch, clock: { now: () => now }, log: silentLogger }),
    }
    workers.push(away)
    const heard: string[] = []
    away.feed.subscribe('t', (key) => heard.push(`t ${key}`))
    away.feed.subscribe('u', (key) => heard.push(`u ${key}`))
    const here = await startWorker()
    now = 2_000
    await announce(here, 't', 'lost', 'too')
    now = 3_000
    await announce(here, 't', 'kept')
    await pruneChanges(here.db, 2_500)
    expect(await db.query.selectFrom('changes').select('key').execute()).toEqual([{ key: 'kept' }])
    // The newest change stays, however old.
    await pruneChanges(here.db, 9_000)
    expect(await db.query.selectFrom('changes').select('key').execute()).toEqual([{ key: 'kept' }])
    notice()
    await eventually(() => expect(heard).toEqual([`t ${EVERYTHING}`, `u ${EVERYTHING}`]))
    await announce(here, 't', 'next')
    notice()
    await eventually(() => expect(heard.slice(2)).toEqual(['t next']))
  })

  test('a listener that fails does not keep others from hearing, and one that has left hears nothing', async () => {
    const one = await startWorker()
    const heard: string[] = []
    one.feed.subscribe('t', () => {
      throw new Error('broken listener')
    })
    const leave = one.feed.subscribe('t', (key) => heard.push(`left ${key}`))
    one.feed.subscribe('t', (key) => heard.push(key))
    leave()
    await announce(one, 't', 'a')
    await eventually(() => expect(heard).toEqual(['a']))
  })
})
