import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import { eventually } from '../../../../test/support/eventually.ts'
import { type FakeContainer, httpContainer } from '../../../../test/support/fake-container.ts'
import { rootPrincipal } from '../../../access/principals.ts'
import { DataPlane } from '../../../dataplane/data-plane.ts'
import type { Route } from '../../../dataplane/route.ts'
import { BlobCorruptError, BlobMissingError } from '../../../storage/blobs/blob-store.ts'
import type { Database } from '../../../storage/database.ts'
import { StorageUnavailableError } from '../../../storage/errors.ts'
import { one, statement } from '../../../storage/statement.ts'
import { silentLogger } from '../../../telemetry/log.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { PreparedObject } from '../../s3/facade.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import type { ClaimedRequest } from './async-request.ts'
import { callContainer } from './container-call.ts'
import { createInstancePump } from './instance-pump.ts'
import { InstanceRings } from './instance-rings.ts'
import { JointEnds } from './joint-ends.ts'
import { queueState } from './queue-state.ts'
import { readInput } from './read-input.ts'
import { requestIds } from './request-id.ts'
import { RequestQueue } from './request-queue.ts'

const OWNER = { account: '1', region: 'r', name_key: 'e' }
const ITEM = { kind: 'async-instance', key: '1/r/e/i-1', attempts: 0 }

let store: Awaited<ReturnType<(typeof testStores)[number]['create']>>
let database: Database
let queue: RequestQueue
let container: FakeContainer
let dataPlane: DataPlane
let route: Route | undefined
let inputs: Map<string, () => Readable>
let outputs: Map<string, string>
let lines: string[]
let calls: string[]
/** What the next commit of an object at the key is refused with. */
let refusals: Map<string, ServiceError>
let roleGone: boolean
const nextId = requestIds(() => 1_000)

beforeEach(async () => {
  store = await testStores[0]!.create()
  database = await store.open()
  queue = new RequestQueue(database, 0)
  dataPlane = new DataPlane(() => {})
  ;[inputs, outputs, lines, calls, refusals] = [new Map(), new Map(), [], [], new Map()]
  roleGone = false
  container = await httpContainer((incoming, response) => {
    calls.push(incoming.headers['x-amzn-sagemaker-inference-id'] as string)
    incoming.on('error', () => {})
    incoming.resume().on('end', () => response.end('answer'))
  })
  const variant = {
    ...{ name: 'v', weight: 1, share: 1, maxConcurrency: 1, strategy: 'RANDOM' as const },
    instances: [{ id: 'i-1', address: container.address }],
    executionRoleArn: 'arn:aws:iam::1:role/r',
  }
  route = {
    ...{ endpointName: 'E', account: '1', region: 'r', hosted: true },
    variants: [variant],
    async: { queueId: 'q', responseIn: [] } as unknown as Route['async'],
  } as unknown as Route
  const row = { ...OWNER, queue_id: 'q', created_at: 0 }
  await database.commit([statement(database.query.insertInto('async_queues').values(row))])
})
afterEach(async () => {
  dataPlane.close()
  await container.stop()
  await store.remove()
})

const nothing = () => database.query.deleteFrom('async_bodies').where('request_id', '=', 'none')
const prepared = (key: string, body: string): PreparedObject => {
  const refused = refusals.get(key)
  refusals.delete(key)
  return {
    ...{ etag: 'e', size: body.length },
    statements:
      refused === undefined
        ? []
        : [
            statement(
              nothing(),
              one(() => refused),
            ),
          ],
    settle: async (commit) => {
      const outcome = await commit
      outputs.set(key, body)
      return outcome
    },
    drop: async () => {},
  }
}
const unitOf = (objects: readonly PreparedObject[]) => objects.flatMap(({ statements }) => statements)
const deps = () =>
  ({
    ends: new JointEnds({ database, queue, s3: { unitOf } }),
    ...{ database, queue, dataPlane, log: silentLogger, clock: { now: () => 2_000 } },
    routes: { find: () => route },
    iam: { assumeRoleForService: async () => (roleGone ? undefined : rootPrincipal('1')) },
    s3: {
      readSmallObjects: async () => new Map(),
      getObject: async (_: unknown, bucket: string, key: string) => {
        const body = inputs.get(key)?.() ?? Readable.from([Buffer.from(key.padEnd(100))], { objectMode: false })
        return { bucket, key, size: 100, contentType: '', body }
      },
      prepareObject: async (_: unknown, _bucket: string, key: string, body: Uint8Array) =>
        prepared(key, Buffer.from(body).toString()),
    },
    sns: {
      openTopic: async () => ({
        accept: (content: object) => ({ content }),
        directDelivery: async () => undefined,
        publications: (_: unknown, gone: () => Error) => [statement(nothing(), one(gone))],
      }),
    },
    logs: {
      append: async (_: unknown, _target: unknown, events: { message: string }[]) =>
        lines.push(...events.map(({ message }) => message)),
    },
    cloudwatch: { record: () => {}, counter: () => ({ add: () => {}, close: () => {} }) },
  }) as unknown as AsyncDeps

const accept = async (inferenceId: string, more: object = {}) => {
  const document = {
    ...{ inferenceId, inputLocation: `s3://in/${inferenceId}`, timeoutSeconds: 60 },
    output: { bucket: 'out', key: `${inferenceId}.out` },
    failure: { bucket: 'out', key: `${inferenceId}-error.out` },
    ...more,
  }
  const row = {
    queue_id: 'q',
    request_id: nextId(),
    received_at: 1_000,
    expires_at: 1e9,
    document: JSON.stringify(document),
  }
  await queue.accept({ row, body: undefined })
}
/** The instance answers there from now on. */
const move = (address: string) => {
  const [variant] = route!.variants
  route = { ...route!, variants: [{ ...variant!, instances: [{ id: 'i-1', address }] }] }
}
const drained = () => eventually(async () => expect((await queueState(database, 'q')).backlog).toBe(0))

/** Runs a pump for as long as the work lasts. */
async function pumping(work: () => Promise<unknown>, more: object = {}): Promise<void> {
  const controller = new AbortController()
  const parts = { ...deps(), ...more }
  const pump = createInstancePump(parts, new InstanceRings())(ITEM, controller.signal).catch((error: unknown) => error)
  try {
    await work()
  } finally {
    controller.abort(new Error('the test is over'))
    await pump
  }
}

it('lets no request that cannot be worked on be tried for ever, and no other wait for it', async () => {
  inputs.set('lost', () => {
    throw new BlobMissingError('there is no such blob')
  })
  inputs.set('bug', () => {
    throw new TypeError('this is not a function')
  })
  for (const id of ['lost', 'bug', 'good']) await accept(id)
  await pumping(drained)
  expect([...outputs.keys()].sort()).toEqual(['bug-error.out', 'good.out', 'lost-error.out'])
  // What is gone does not come back: that is known at the first try.
  expect(outputs.get('lost-error.out')).toContain('what is stored of it is gone')
  expect(lines.filter((line) => line.includes('[lost] The request was put back'))).toEqual([])
  // What nobody foresaw may hold anything: people read that it happened, the server's log has it.
  expect(lines.filter((line) => line.includes('[bug] The request was put back: An internal error'))).toHaveLength(2)
  expect([...lines, ...outputs.values()].filter((text) => text.includes('not a function'))).toEqual([])
  expect(lines.join('\n')).toContain('[bug]')
})

it('blames the input, and not the model, when the input breaks while it is sent', async () => {
  inputs.set('corrupt', () => {
    let sent = false
    return new Readable({
      read() {
        if (sent) this.destroy(new BlobCorruptError('the blob is not what was written'))
        else this.push(Buffer.alloc(50))
        sent = true
      },
    })
  })
  await accept('corrupt')
  await pumping(drained)
  expect(outputs.get('corrupt-error.out')).toContain('Failed to download the input s3://in/corrupt')
  expect(calls).toHaveLength(1)
})

it('ends a request whose failure can no longer be written where it was to go', async () => {
  inputs.set('r', () => {
    throw new ServiceError('NoSuchKey', 'The specified key does not exist.', { status: 404 })
  })
  refusals.set('r-error.out', new ServiceError('NoSuchBucket', 'The bucket is gone.', { status: 404 }))
  await accept('r')
  await pumping(drained)
  expect(lines.filter((line) => line.includes('put back'))).toEqual([])
  expect(lines.join('\n')).toContain('Failed to write the failure: The bucket is gone.')
  const failures = await database.query.selectFrom('async_failures').select('reason').execute()
  expect(failures).toEqual([{ reason: expect.stringContaining('The specified key does not exist.') }])
})

it('lets an input break before anybody reads it', async () => {
  inputs.set('early', () => new Readable({ read() {} }))
  const request = { requestId: 'r', document: { inputLocation: 's3://in/early' } } as unknown as ClaimedRequest
  const controller = new AbortController()
  const { body } = await readInput(deps(), request, rootPrincipal('1'), controller.signal)
  if (body.kind !== 'stream') throw new Error('the input is an object')
  // Without a listener this would end the process.
  const closed = new Promise((resolve) => body.stream.once('close', resolve))
  body.stream.destroy(new Error('the pump has ended'))
  await closed
  expect(body.stream.errored?.message).toBe('the pump has ended')
})

it('sends nothing once it is to end', async () => {
  const controller = new AbortController()
  controller.abort(new Error('the pump has ended'))
  const variant = route!.variants[0]!
  const request = { document: { inferenceId: 'x', timeoutSeconds: 60 }, breaks: 0 } as unknown as ClaimedRequest
  const input = { body: { kind: 'collected', chunks: [] }, size: 0, contentType: undefined } as const
  const call = callContainer(deps(), { variant } as unknown as Workplace, request, input, controller.signal)
  const error = call.explain(await call.answer.catch((caught: unknown) => caught))
  call.end()
  expect(error).toMatchObject({ name: 'RequestDeferred', broke: false })
})

it('has a request finished once, and its answer kept once, when a slow pump is taken over', async () => {
  const answers: (() => void)[] = []
  await container.stop()
  container = await httpContainer((incoming, response) => {
    calls.push(incoming.headers['x-amzn-sagemaker-inference-id'] as string)
    incoming.resume().on('end', () => answers.push(() => response.end('answer')))
  })
  move(container.address)
  await accept('slow')
  await pumping(async () => {
    await eventually(() => expect(answers).toHaveLength(1))
    await pumping(async () => {
      await eventually(() => expect(answers).toHaveLength(2))
      answers[0]!()
      await accept('next')
      answers[1]!()
      await eventually(() => expect(answers).toHaveLength(3))
      answers[2]!()
      await drained()
    })
  })
  const counts = await database.query.selectFrom('async_counts').select(['accepted', 'finished']).execute()
  expect(counts).toEqual([{ accepted: 2, finished: 2 }])
  expect(calls).toEqual(['slow', 'slow', 'next'])
})

it('leaves what it works on when another endpoint has taken the name', async () => {
  let held = 0
  await container.stop()
  container = await httpContainer((incoming) => incoming.resume().on('end', () => held++))
  move(container.address)
  await accept('old')
  const controller = new AbortController()
  const pump = createInstancePump(deps(), new InstanceRings())(ITEM, controller.signal)
  await eventually(() => expect(held).toBe(1))
  await database.commit([statement(database.query.deleteFrom('async_queues').where('queue_id', '=', 'q'))])
  route = { ...route!, variants: [], async: { ...route!.async!, queueId: 'another' } }
  // The request would have a minute.
  expect(await Promise.race([pump, once(AbortSignal.timeout(10_000), 'abort')])).toEqual({ done: true })
})

it('leaves nothing claimed behind when its instance goes while storage was away', async () => {
  inputs.set('r', () => {
    database.commit = () => Promise.reject(new StorageUnavailableError('the database is away'))
    route = { ...route!, variants: [] }
    setTimeout(() => {
      database.commit = commit
    }, 300)
    throw new StorageUnavailableError('the database is away')
  })
  const commit = database.commit
  await accept('r')
  const pump = createInstancePump(deps(), new InstanceRings())(ITEM, new AbortController().signal)
  expect(await pump).toEqual({ done: true })
  expect(await queue.hasWaiting('q')).toBe(true)
})

it('takes an answer that comes before the input is all sent, and lets go of the rest', async () => {
  let input: Readable | undefined
  inputs.set('early', () => {
    input = new Readable({ read() {} })
    input.push(Buffer.alloc(50))
    return input
  })
  await container.stop()
  container = await httpContainer((incoming, response) => {
    incoming.on('error', () => {}).once('data', () => response.end('enough'))
  })
  move(container.address)
  await accept('early')
  await pumping(drained)
  expect(outputs.get('early.out')).toBe('enough')
  expect(input?.destroyed).toBe(true)
})

it('fails each request with the reason when the role is gone', async () => {
  roleGone = true
  for (const id of ['one', 'two']) await accept(id)
  await pumping(drained)
  const failures = await database.query.selectFrom('async_failures').select('reason').execute()
  const reason = 'ClientError: The execution role ARN "arn:aws:iam::1:role/r" is invalid.'
  expect(failures).toEqual([{ reason }, { reason }])
  expect(calls).toEqual([])
})

it('lets an object that cannot be read for now hold up no other, and says what it waits for', async () => {
  let away = true
  inputs.set('away', () => {
    if (away) throw new StorageUnavailableError('The object store cannot be used: EIO: i/o error, read')
    return Readable.from([Buffer.alloc(100)], { objectMode: false })
  })
  const others = Array.from({ length: 10 }, (_, at) => `r${at}`)
  for (const id of ['away', ...others]) await accept(id)
  await pumping(async () => {
    await eventually(() => expect([...outputs.keys()]).toEqual(others.map((id) => `${id}.out`)))
    const waiting = await database.query.selectFrom('async_requests').select('trouble').execute()
    expect(waiting).toEqual([{ trouble: expect.stringContaining('EIO') }])
    away = false
    await drained()
  })
  expect(outputs.has('away.out')).toBe(true)
})

it('tells of a request that has come to the end of its time what it was put back for', async () => {
  const trouble = 'The object store cannot be used: EIO: i/o error, read'
  await accept('late')
  const change = { trouble, expires_at: 1_500 }
  await database.commit([statement(database.query.updateTable('async_requests').set(change))])
  await pumping(drained)
  expect(outputs.get('late-error.out')).toContain(`RequestTTLSeconds): ${trouble}`)
})

it('does not take the model for overloaded because it refuses requests', async () => {
  const held: (() => void)[] = []
  let left = 80
  await container.stop()
  container = await httpContainer((incoming, response) => {
    incoming.resume().on('end', () => {
      held.push(() => {
        left--
        response.writeHead(400).end('wrong')
      })
      // Fewer than four at once would never be answered, but for the last ones.
      if (held.length >= Math.min(4, left)) setTimeout(() => held.splice(0).map((answer) => answer()), 20)
    })
  })
  move(container.address)
  const [variant] = route!.variants
  route = { ...route!, variants: [{ ...variant!, maxConcurrency: undefined }] }
  for (let at = 0; at < 80; at++) await accept(`r${at}`)
  await pumping(drained)
  expect(outputs.size).toBe(80)
})

it('keeps the output when its topic is deleted in the moment that it is told, and says so', async () => {
  const notification = { topic: 'arn:aws:sns:r:1:gone', withResponse: false }
  await accept('r', { onSuccess: notification })
  inputs.set('bad', () => {
    throw new ServiceError('NoSuchKey', 'The specified key does not exist.', { status: 404 })
  })
  await accept('bad', { onError: notification })
  await pumping(drained)
  expect([...outputs.keys()].sort()).toEqual(['bad-error.out', 'r.out'])
  const told = lines.filter((line) => line.includes('Failed to publish to arn:aws:sns:r:1:gone: Topic does not exist'))
  expect(told).toHaveLength(2)
})

it('gives the container another request while the end of the one before is being written', async () => {
  const { commit } = database
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  database.commit = async (unit) => {
    if (unit.some(({ query }) => query.sql.startsWith('delete from "async_requests"'))) await held
    return commit(unit)
  }
  for (let at = 0; at < 3; at++) await accept(`r${at}`)
  await pumping(async () => {
    await eventually(() => expect(calls).toEqual(['r0', 'r1', 'r2']))
    expect(outputs.size).toBe(0)
    release()
    await drained()
  })
  expect(outputs.size).toBe(3)
})

it('lets others have what it took ahead for a container that hangs, or when its variant gets no more traffic', async () => {
  const open: (() => void)[] = []
  let hangs = false
  await container.stop()
  container = await httpContainer((incoming, response) => {
    incoming.resume().on('end', () => (hangs ? open.push(() => response.end('late')) : response.end('answer')))
  })
  move(container.address)
  const holds = async () => {
    const { rows } = await database.query.executeQuery<{ count: number }>(
      database.query
        .selectFrom('async_requests')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('instance_id', '=', 'i-1')
        .compile(),
    )
    return rows[0]?.count ?? 0
  }
  await Promise.all(Array.from({ length: 2_000 }, (_, at) => accept(`r${at}`)))
  await pumping(async () => {
    await eventually(async () => expect(await holds()).toBeGreaterThan(10))
    hangs = true
    await eventually(async () => {
      expect(open).toHaveLength(1)
      expect(await holds()).toBe(1)
    })
    hangs = false
    open.splice(0).map((answer) => answer())
    await eventually(async () => expect(await holds()).toBeGreaterThan(10))
    const [variant] = route!.variants
    route = { ...route!, variants: [{ ...variant!, weight: 0 }] }
    await eventually(async () => expect(await holds()).toBe(0))
    expect(await queue.hasWaiting('q')).toBe(true)
    route = { ...route!, variants: [variant!] }
    await drained()
  })
  expect(outputs.size).toBe(2_000)
}, 60_000)

it('counts the time that an input was read in, also where that was before its turn', async () => {
  const latencies: number[] = []
  const counter = ({ name }: { name: string }) => ({
    add: (value: number) => name === 'RequestDownloadLatency' && latencies.push(value),
    close: () => {},
  })
  const readSmallObjects = async (_: unknown, _bucket: string, keys: readonly string[]) => {
    await sleep(40)
    return new Map(keys.map((key) => [key, { bytes: Buffer.from(key), size: key.length, contentType: '' }]))
  }
  await accept('r')
  await pumping(drained, { s3: { ...deps().s3, readSmallObjects }, cloudwatch: { record: () => {}, counter } })
  expect(latencies).toEqual([expect.any(Number)])
  // Microseconds.
  expect(latencies[0]).toBeGreaterThan(35_000)
})

it('looks behind what has been taken, and finds what others give back all the same', async () => {
  const looks: string[] = []
  const hasWaiting = queue.hasWaiting.bind(queue)
  queue.hasWaiting = (queueId, after = '') => {
    looks.push(after)
    return hasWaiting(queueId, after)
  }
  const bells = new InstanceRings()
  const controller = new AbortController()
  const parts = { ...deps(), clock: { now: () => 10_000 } }
  const pump = createInstancePump(parts, bells)(ITEM, controller.signal).catch((error: unknown) => error)
  try {
    await eventually(() => {
      bells.ringAll()
      expect(looks.filter((after) => after !== '').length).toBeGreaterThan(5)
    })
    expect(looks[0]).toBe('')
    // Ids of these are of long ago, as of what another worker gives back.
    await accept('back')
    await eventually(() => expect(outputs.has('back.out')).toBe(true))
    const before = looks.length
    bells.givenBack('q')
    await eventually(() => expect(looks.slice(before)).toContain(''))
  } finally {
    controller.abort(new Error('the test is over'))
    await pump
  }
})
