import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import type { Database } from '../../../storage/database.ts'
import { StorageFullError } from '../../../storage/errors.ts'
import { none, statement } from '../../../storage/statement.ts'
import type { ClaimedRequest } from './async-request.ts'
import { JointEnds } from './joint-ends.ts'
import { ClaimLost, RequestQueue } from './request-queue.ts'

describe.each(testStores)('the ends of requests on $dialect', ({ create }) => {
  let store: Awaited<ReturnType<typeof create>>
  let database: Database & { commitCount(): number }
  let queue: RequestQueue
  let units: number
  let full: boolean

  beforeEach(async () => {
    store = await create()
    database = await store.open()
    queue = new RequestQueue(database, 0)
    units = 0
    full = false
    const row = { account: '1', region: 'r', name_key: 'e', queue_id: 'q', created_at: 0 }
    await database.commit([statement(database.query.insertInto('async_queues').values(row))])
  })
  afterEach(() => store.remove())

  const ends = () =>
    new JointEnds({
      queue,
      s3: { unitOf: () => [] },
      database: {
        ...database,
        commit: (unit) => {
          units++
          return full ? Promise.reject(new StorageFullError('The disk is full')) : database.commit(unit)
        },
      },
    })
  const claimed = async (count: number): Promise<readonly ClaimedRequest[]> => {
    const document = JSON.stringify({ inferenceId: 'i', timeoutSeconds: 1 })
    const accept = (request_id: string) =>
      queue.accept({
        row: { queue_id: 'q', request_id, received_at: 0, expires_at: 9, document },
        body: { request_id, content: Buffer.from('x'), sealed_key: 'k' },
      })
    await Promise.all(Array.from({ length: count }, (_, at) => accept(`r${String(at).padStart(3, '0')}`)))
    return queue.claim('q', 'i-1', 'c', count)
  }
  const end = (request: ClaimedRequest, further: Parameters<JointEnds['commit']>[0]['further'] = []) => ({
    ...{ request, object: undefined, publication: undefined, further },
  })
  const left = async () => {
    const requests = await database.query
      .selectFrom('async_requests')
      .select('request_id')
      .orderBy('request_id')
      .execute()
    const bodies = await database.query.selectFrom('async_bodies').select('request_id').orderBy('request_id').execute()
    expect(bodies).toEqual(requests)
    return requests.map(({ request_id }) => request_id)
  }
  const finished = async () =>
    (await database.query.selectFrom('async_counts').select('finished').executeTakeFirst())?.finished

  it('that come together are one unit, however many', async () => {
    const requests = await claimed(100)
    const joint = ends()
    await Promise.all(requests.map((request) => joint.commit(end(request))))
    expect([await left(), await finished(), units]).toEqual([[], 100, 2])
  })

  it('are each committed by itself when one of them cannot be', async () => {
    const requests = await claimed(5)
    const [lost, refused] = [requests[1] as ClaimedRequest, requests[3] as ClaimedRequest]
    await database.commit([queue.giveBack(lost, false)])
    const no = new Error('somebody said no')
    const guard = statement(
      database.query.selectFrom('async_queues').select('queue_id'),
      none(() => no),
    )
    const joint = ends()
    const outcomes = await Promise.allSettled(
      requests.map((request) => joint.commit(end(request, request === refused ? [guard] : []))),
    )
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(outcomes[1]).toMatchObject({ reason: expect.any(ClaimLost) })
    expect(outcomes[3]).toMatchObject({ reason: no })
    expect([await left(), await finished()]).toEqual([[lost.requestId, refused.requestId], 3])
  })

  it('are not tried one by one while storage takes nothing', async () => {
    const requests = await claimed(5)
    const joint = ends()
    full = true
    const outcomes = await Promise.allSettled(requests.map((request) => joint.commit(end(request))))
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: expect.any(StorageFullError) })
    expect(units).toBe(1)
    full = false
    await Promise.all(requests.map((request) => joint.commit(end(request))))
    expect(await left()).toEqual([])
  })

  it('gather those that are under way while there is much to do, and wait for nobody else', async () => {
    const requests = await claimed(30)
    const joint = ends()
    const over = requests.map(() => joint.expect())
    const commit = async (from: number, to: number) => {
      await Promise.all(
        requests.slice(from, to).map(async (request, at) => {
          // One after the other, as containers answer.
          for (let turn = 0; turn < at; turn++) await setImmediate()
          await joint.commit(end(request))
          over[from + at]?.()
        }),
      )
    }
    await commit(0, 10)
    const first = units
    expect(first).toBeLessThanOrEqual(10)
    // All that are left but one: the last is not there in time.
    joint.expect()
    await Promise.all(requests.slice(10, 20).map((request) => joint.commit(end(request))))
    units = 0
    await commit(20, 29)
    expect(units).toBeLessThanOrEqual(2)
    await joint.commit(end(requests[29] as ClaimedRequest))
    expect([await left(), await finished()]).toEqual([[], 30])
  })
})
