import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import { rootPrincipal } from '../../../access/principals.ts'
import type { Route } from '../../../dataplane/route.ts'
import type { Database } from '../../../storage/database.ts'
import { statement } from '../../../storage/statement.ts'
import { silentLogger } from '../../../telemetry/log.ts'
import type { AsyncDeps } from './async-deps.ts'
import { JointEnds } from './joint-ends.ts'
import { createQueueKeeper } from './queue-keeper.ts'
import { queueState } from './queue-state.ts'
import { purgeClaim, purgeHolder, RequestQueue } from './request-queue.ts'

const OWNER = { account: '1', region: 'r', name_key: 'e' }
const ITEM = { kind: 'async-queue', key: 'q', attempts: 0 }

describe.each(testStores)('the keeper of a queue on $dialect', ({ create }) => {
  let store: Awaited<ReturnType<typeof create>>
  let database: Database
  let queue: RequestQueue
  let now = 1_000_000
  let published: Record<string, unknown>[] = []
  const recorded = new Map<string, number>()
  /** Each backlog that was recorded. */
  let backlogs: number[] = []
  /** The request whose notification breaks. */
  let unpublishable: string | undefined
  let instances: Route['variants'][number]['instances'] = []

  /** A clock that is moved, and what the keeper tells others, written down. */
  const deps = () =>
    ({
      database,
      queue,
      clock: { now: () => now },
      log: silentLogger,
      sampleSeconds: 60,
      routes: {
        find: (): Route => ({
          ...{ endpointName: 'E', account: '1', region: 'r', hosted: true },
          variants: [
            {
              name: 'v',
              weight: 1,
              share: 1,
              instances,
              strategy: 'RANDOM',
              executionRoleArn: 'arn:aws:iam::1:role/r',
            },
          ],
          async: { queueId: 'q', responseIn: [] } as unknown as Route['async'],
        }),
      },
      iam: { assumeRoleForService: async () => rootPrincipal('1') },
      ends: new JointEnds({ database, queue, s3: { unitOf: () => [] } }),
      sns: {
        openTopic: async () => ({
          accept: ({ message }: { message: string }) => {
            if (JSON.parse(message).inferenceId === unpublishable) throw new TypeError('this is not a function')
            published.push(JSON.parse(message))
            return { content: {} }
          },
          directDelivery: async () => undefined,
          publications: () => [],
        }),
      },
      logs: { append: async () => {} },
      cloudwatch: {
        record: ({ name }: { name: string }, value: number) => {
          recorded.set(name, value)
          if (name === 'ApproximateBacklogSize') backlogs.push(value)
        },
        counter: () => ({ add: () => {}, close: () => {} }),
      },
    }) as unknown as AsyncDeps
  const keep = () => createQueueKeeper(deps())(ITEM, new AbortController().signal)
  const claimedNow = async () => {
    const rows = await database.query.selectFrom('async_requests').selectAll().where('claim', 'is not', null).execute()
    return rows.map(({ request_id }) => request_id)
  }
  const accept = (request_id: string, seconds: number) =>
    queue.accept({
      row: {
        ...{ queue_id: 'q', request_id, received_at: now, expires_at: now + seconds * 1000 },
        document: JSON.stringify({
          ...{ inferenceId: request_id, inputLocation: 's3://b/k', timeoutSeconds: 1 },
          onError: { topic: 't', withResponse: false },
        }),
      },
      body: undefined,
    })

  beforeEach(async () => {
    store = await create()
    database = await store.open()
    queue = new RequestQueue(database, 0)
    published = []
    recorded.clear()
    backlogs = []
    instances = []
    unpublishable = undefined
    const row = { ...OWNER, queue_id: 'q', created_at: 0 }
    await database.commit([statement(database.query.insertInto('async_queues').values(row))])
  })
  afterEach(() => store.remove())

  it('ends what nobody has begun with in time, although there is no instance, and leaves the rest', async () => {
    await accept('a', 60)
    await accept('b', 120)
    await accept('c', 60)
    await queue.claim('q', 'i-1', 'claim', 1)
    expect(await keep()).toEqual({ done: false, againInMilliseconds: 60_000 })
    now += 61_000
    expect(await keep()).toEqual({ done: false, againInMilliseconds: 59_000 })
    // `a` is being worked on: that it is late is for its instance to see.
    expect(published.map(({ inferenceId }) => inferenceId)).toEqual(['c'])
    expect(published[0]).toMatchObject({
      invocationStatus: 'Failed',
      failureReason: 'ClientError: The request was not begun with within 60 seconds (RequestTTLSeconds).',
    })
    expect((await queueState(database, 'q')).backlog).toBe(2)
    const failures = await database.query.selectFrom('async_failures').select('inference_id').execute()
    expect(failures).toEqual([{ inference_id: 'c' }])
    await keep()
    expect(published).toHaveLength(1)
  })

  it('looks again when the next request ends, to the millisecond, and not all the time', async () => {
    await accept('lasting', 21_600)
    const keeper = createQueueKeeper(deps())
    const again = async () => {
      const outcome = await keeper(ITEM, new AbortController().signal)
      return outcome.done ? undefined : outcome.againInMilliseconds
    }
    expect(await again()).toBe(60_000)
    now += 10_000
    await accept('a', 30)
    now += 20_000
    expect(await again()).toBe(10_000)
    now += 9_999
    expect(await again()).toBe(1_000)
    expect(published).toEqual([])
    now += 1
    expect(await again()).toBe(20_000)
    expect(published.map(({ inferenceId }) => inferenceId)).toEqual(['a'])
    // What is looked at for the sake of an end is no sample.
    expect(backlogs).toEqual([1])
    now += 20_000
    expect(await again()).toBe(60_000)
    expect(backlogs).toEqual([1, 1])
  })

  it('looks no more often than it counts at a queue whose endpoint it does not know yet', async () => {
    await accept('a', 1)
    now += 5_000
    const routes = { find: () => undefined } as unknown as AsyncDeps['routes']
    const outcome = await createQueueKeeper({ ...deps(), routes })(ITEM, new AbortController().signal)
    expect(outcome).toEqual({ done: false, againInMilliseconds: 60_000 })
  })

  it('ends what cannot be told, and those behind it', async () => {
    for (const id of ['a', 'b']) await accept(id, 60)
    now += 61_000
    unpublishable = 'a'
    await keep()
    expect(published.map(({ inferenceId }) => inferenceId)).toEqual(['b'])
    expect((await queueState(database, 'q')).backlog).toBe(0)
  })

  it('gives back what a purge that was killed had in hand, and lets one be that goes on', async () => {
    for (const id of ['a', 'b']) await accept(id, 6_000)
    await queue.claim('q', purgeHolder('q'), purgeClaim(now, 'killed'), 1)
    await keep()
    expect(await claimedNow()).toEqual(['a'])
    now += 61_000
    await queue.claim('q', purgeHolder('q'), purgeClaim(now, 'going on'), 1)
    await keep()
    expect(await claimedNow()).toEqual(['b'])
  })

  it('stops between two requests when it is to end', async () => {
    await accept('a', 60)
    now += 61_000
    const ended = AbortSignal.abort(new Error('the worker is stopping'))
    await expect(createQueueKeeper(deps())(ITEM, ended)).rejects.toThrow('the worker is stopping')
    await keep()
    expect(published.map(({ inferenceId }) => inferenceId)).toEqual(['a'])
  })

  it('counts the backlog, by instance and with none', async () => {
    for (const id of ['a', 'b', 'c']) await accept(id, 600)
    now += 5_000
    await keep()
    expect(Object.fromEntries(recorded)).toEqual({
      ApproximateBacklogSize: 3,
      ApproximateBacklogSizePerInstance: 3,
      ApproximateAgeOfOldestRequest: 5,
      HasBacklogWithoutCapacity: 1,
    })
    instances = ['i-1', 'i-2'].map((id) => ({ id, address: '127.0.0.1:1' }))
    await keep()
    expect(recorded.get('ApproximateBacklogSizePerInstance')).toBe(1.5)
    expect(recorded.get('HasBacklogWithoutCapacity')).toBe(0)
  })

  it('removes all that a deleted endpoint has left, and ends with it', async () => {
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => accept(`r${index}`, 600)))
    await database.commit([statement(database.query.deleteFrom('async_queues').where('queue_id', '=', 'q'))])
    expect(await keep()).toEqual({ done: true })
    for (const table of ['async_requests', 'async_counts', 'async_failures'] as const)
      expect(await database.query.selectFrom(table).selectAll().execute()).toEqual([])
  })
})
