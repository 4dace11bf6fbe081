import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import { purgeQueue } from './purge-queue.ts'
import { queueState } from './queue-state.ts'
import { requestIds } from './request-id.ts'
import { ClaimLost, purgeClaim, purgeHolder, QueueGone, RequestQueue } from './request-queue.ts'

const OWNER = { account: '1', region: 'r', name_key: 'e' }

describe.each(testStores)('the queue of requests on $dialect', ({ create }) => {
  let store: Awaited<ReturnType<typeof create>>
  let database: Database & { commitCount(): number }
  let queue: RequestQueue
  let now: number
  const nextId = requestIds(() => now)

  beforeEach(async () => {
    store = await create()
    database = await store.open()
    queue = new RequestQueue(database, 0)
    now = 1_000
    await open('q')
  })
  afterEach(() => store.remove())

  const open = (queue_id: string, name_key = OWNER.name_key) =>
    database.commit([
      statement(database.query.insertInto('async_queues').values({ ...OWNER, name_key, queue_id, created_at: 0 })),
    ])
  const accept = async (queueId = 'q', lives = 100_000) => {
    const request_id = nextId()
    const document = JSON.stringify({ inferenceId: request_id, inputLocation: 's3://b/k', timeoutSeconds: 1 })
    const row = { queue_id: queueId, request_id, received_at: now, expires_at: now + lives, document }
    await queue.accept({ row, body: undefined })
    return request_id
  }
  const ids = (claimed: readonly { requestId: string }[]) => claimed.map(({ requestId }) => requestId)

  it('gives requests out once each, oldest first', async () => {
    const accepted: string[] = []
    for (let count = 0; count < 5; count++) {
      accepted.push(await accept())
      now += count % 2
    }
    expect(ids(await queue.claim('q', 'i-1', 'c1', 2))).toEqual(accepted.slice(0, 2))
    expect(ids(await queue.claim('q', 'i-2', 'c2', 9))).toEqual(accepted.slice(2))
    expect(await queue.hasWaiting('q')).toBe(false)
    expect(await queue.claim('q', 'i-2', 'c2', 9)).toEqual([])
  })

  it('looks and claims behind an id only, where that is wanted', async () => {
    const [first = '', second = '', third = ''] = [await accept(), await accept(), await accept()]
    expect(await queue.hasWaiting('q', third)).toBe(false)
    expect(await queue.hasWaiting('q', second)).toBe(true)
    expect(ids(await queue.claim('q', 'i-1', 'c1', 9, [third], first))).toEqual([second])
    expect(ids(await queue.claim('q', 'i-1', 'c1', 9, [], first))).toEqual([third])
    expect(ids(await queue.claim('q', 'i-1', 'c1', 9))).toEqual([first])
  })

  it('gives no request to two that ask at once', async () => {
    await Promise.all(Array.from({ length: 40 }, () => accept()))
    const others = [new RequestQueue(await store.open(), 1), queue]
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (others[index % 2] as RequestQueue).claim('q', `i-${index}`, `c${index}`, 3),
      ),
    )
    const given = claims.flatMap(ids)
    expect([given.length, new Set(given).size]).toEqual([40, 40])
  })

  it('accepts many in few commits', async () => {
    const before = database.commitCount()
    await Promise.all(Array.from({ length: 1_000 }, () => accept()))
    expect(database.commitCount() - before).toBeLessThan(20)
    expect(await queueState(database, 'q')).toEqual({ backlog: 1_000, oldestAt: 1_000 })
  })

  it('takes an unfinished request back to its place, and counts what broke', async () => {
    const [first, second] = [await accept(), await accept()]
    const [claimed] = await queue.claim('q', 'i', 'c', 1)
    await database.commit([queue.giveBack(claimed!, true)])
    const again = await queue.claim('q', 'i', 'c', 2)
    expect(ids(again)).toEqual([first, second])
    expect(again.map(({ breaks }) => breaks)).toEqual([1, 0])
  })

  it('lets only the present holder finish', async () => {
    await accept()
    const [old] = await queue.claim('q', 'i', 'c1', 1)
    await database.commit([queue.recover('i', 'c2')])
    await expect(database.commit(queue.finish(old!))).rejects.toThrow(ClaimLost)
    const [present] = await queue.claim('q', 'i', 'c2', 1)
    await database.commit([queue.recover('i', 'c2')])
    await database.commit(queue.finish(present!))
    await expect(database.commit(queue.finish(present!))).rejects.toThrow(ClaimLost)
    expect(await queueState(database, 'q')).toEqual({ backlog: 0, oldestAt: undefined })
  })

  it('tells those whose time is over from those that somebody has begun with', async () => {
    const late = await accept('q', 10)
    await accept('q', 50)
    const begun = await accept('q', 10)
    expect(ids(await queue.claim('q', 'i', 'c', 1))).toEqual([late])
    await database.commit([queue.giveBack((await queue.claim('q', 'i', 'c', 1))[0]!, false)])
    const found = await queue.claimExpired('q', 'nobody', 'k', now + 20, 10)
    expect(ids(found)).toEqual([begun])
  })

  it('finds those whose time is over among many that live as long as any may, each kind and both', async () => {
    const longest = 21_600_000
    const first = await accept('q', longest)
    const begun = await accept('q', longest)
    now += 10
    const short = await accept('q', 60_000)
    const last = await accept('q', longest)
    const held = await queue.claim('q', 'i', 'c', 2)
    await database.commit([queue.giveBack(held[0]!, false)])
    expect(ids(held)).toEqual([first, begun])
    const expire = async (at: number, limit = 10) => ids(await queue.claimExpired('q', 'nobody', 'k', at, limit))
    expect(await expire(now + 59_999)).toEqual([])
    expect(await expire(now + 60_000)).toEqual([short])
    expect(await expire(now + longest - 1)).toEqual([first])
    expect(await expire(now + longest)).toEqual([last])
    expect(await expire(now + longest * 2)).toEqual([])
  })

  it('takes all whose time is over, some at a time', async () => {
    for (let count = 0; count < 12; count++) await accept('q', count % 2 === 0 ? 60_000 : 21_600_000)
    const found: string[] = []
    for (;;) {
      const some = await queue.claimExpired('q', 'nobody', 'k', now + 21_600_000, 3)
      if (some.length === 0) break
      expect(some.length).toBeLessThanOrEqual(6)
      found.push(...ids(some))
    }
    expect(new Set(found).size).toBe(12)
  })

  it('takes nothing into a queue that is gone, and lets other queues be', async () => {
    await open('other', 'f')
    await database.commit([statement(database.query.deleteFrom('async_queues').where('queue_id', '=', 'q'))])
    const answers = await Promise.allSettled([accept('q'), accept('other'), accept('q')])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
    expect((answers[0] as PromiseRejectedResult).reason).toBeInstanceOf(QueueGone)
    const rows = await database.query.selectFrom('async_requests').select('queue_id').execute()
    expect(rows).toEqual([{ queue_id: 'other' }])
  })

  it('drops what waits, and neither what is being worked on nor what comes later', async () => {
    await Promise.all(Array.from({ length: 1_200 }, () => accept()))
    const held = await queue.claim('q', 'i', 'c', 3)
    const told: number[] = []
    const purging = purgeQueue(database, 'q', -1, (count) => told.push(count))
    now += 1
    expect(await purging).toBe(1_197)
    expect(told).toEqual([500, 1_000, 1_197])
    expect(await queueState(database, 'q')).toEqual({ backlog: 3, oldestAt: 1_000 })
    for (const request of held) await database.commit(queue.finish(request))
    await accept()
    expect(await queueState(database, 'q')).toEqual({ backlog: 1, oldestAt: 1_001 })
    expect(await purgeQueue(database, 'q', -1)).toBe(1)
    expect(await purgeQueue(database, 'q', -1)).toBe(0)
  })

  it('is purged without a hand on what comes later', async () => {
    await Promise.all(Array.from({ length: 600 }, () => accept()))
    let later: Promise<string> | undefined
    const holders = new Set<string | null>()
    const watched: Database = {
      ...database,
      commit: async (unit) => {
        await later
        const results = await database.commit(unit)
        const rows = await database.query
          .selectFrom('async_requests')
          .select('instance_id')
          .where('request_id', '=', (await later) ?? '')
          .execute()
        for (const { instance_id } of rows) holders.add(instance_id)
        return results
      },
    }
    const purged = await purgeQueue(watched, 'q', -1, () => {
      later ??= accept()
    })
    expect([purged, [...holders]]).toEqual([600, [null]])
  })

  it('drops with the rest what a purge had in hand that was killed a minute ago', async () => {
    for (let i = 0; i < 5; i++) await accept()
    await queue.claim('q', purgeHolder('q'), purgeClaim(Date.now() - 61_000, 'killed'), 3)
    expect(await purgeQueue(database, 'q', -1)).toBe(5)
  })

  it('is purged by several at once, each of which leaves the others what they have in hand', async () => {
    await Promise.all(Array.from({ length: 1_200 }, () => accept()))
    let other: Promise<number> | undefined
    const inHand = await queue.claim('q', purgeHolder('q'), purgeClaim(Date.now(), 'other'), 100)
    const purging = purgeQueue(database, 'q', -1, () => {
      other ??= purgeQueue(database, 'q', -1)
    })
    expect((await purging) + (await other!)).toBe(1_100)
    await database.commit(inHand.flatMap((request) => queue.finish(request)))
    expect((await queueState(database, 'q')).backlog).toBe(0)
  })

  it('keeps a body as long as its request', async () => {
    const request_id = nextId()
    const document = JSON.stringify({ inferenceId: 'x', timeoutSeconds: 1 })
    const row = { queue_id: 'q', request_id, received_at: now, expires_at: now + 1, document }
    const body = { request_id, content: new Uint8Array([1, 2, 3]), sealed_key: 'k' }
    await queue.accept({ row, body })
    expect(Buffer.from((await queue.body(request_id))!.content)).toEqual(Buffer.from([1, 2, 3]))
    const [claimed] = await queue.claim('q', 'i', 'c', 1)
    await database.commit(queue.finish(claimed!))
    expect(await queue.body(request_id)).toBeUndefined()
  })
})

it('makes ids that sort as they were made', () => {
  let now = 1_700_000_000_000
  const next = requestIds(() => now)
  const made = Array.from({ length: 1_000 }, (_, index) => {
    if (index % 100 === 0) now += 1
    // A clock that is set back does not put new requests before old ones.
    if (index === 500) now -= 10_000
    return next()
  })
  expect([...made].sort()).toEqual(made)
})
