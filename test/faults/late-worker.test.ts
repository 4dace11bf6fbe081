import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DataPlane } from '../../src/dataplane/data-plane.ts'
import { InstanceHolds } from '../../src/dataplane/instance-holds.ts'
import { RouteTable } from '../../src/dataplane/route-table.ts'
import { ServingWorker } from '../../src/dataplane/serving-worker.ts'
import { drained, ROUTES_MILLISECONDS } from '../../src/services/sagemaker/hosting/drain-instance.ts'
import {
  DRAINS_TOPIC,
  ENDPOINTS_TOPIC,
  INSTANCES_TOPIC,
  loadEndpoint,
  parseDrain,
} from '../../src/services/sagemaker/hosting/endpoint-state.ts'
import { InstanceBells } from '../../src/services/sagemaker/hosting/instance-bells.ts'
import { routeLoader } from '../../src/services/sagemaker/hosting/route-loader.ts'
import { systemClock } from '../../src/shared/clock.ts'
import { watchCommits } from '../../src/storage/commit-watch.ts'
import type { Database, Statement } from '../../src/storage/database.ts'
import { statement } from '../../src/storage/statement.ts'
import { startTableChangeFeed } from '../../src/storage/table-change-feed.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { faultChance } from '../support/chance.ts'
import { type TestStore, testStores } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import { type FakeContainer, httpContainer } from '../support/fake-container.ts'
import { lateFeed } from '../support/late-feed.ts'

const KEY = { account: '1', region: 'r', name_key: 'e' }
const ROUTE = '1/r/e'
const clock = systemClock
const log = silentLogger

let store: TestStore
const ends: (() => unknown)[] = []

beforeEach(async () => {
  store = await (testStores[0] as (typeof testStores)[number]).create()
})
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  await store.remove()
})

/** The instance and its one container. */
function newInstance({ query }: Database, id: string, { address }: FakeContainer): readonly Statement[] {
  const kind = { fleet: 1, variant_name: 'v', generation: 1, state: 'Healthy' }
  const instance = { ...KEY, id, ...kind, created_at: 0, changed_at: 0, detail: null, failures: 0 }
  const place = { instance_id: id, position: 0, name: 'container_1', container_id: id, address }
  const container = { ...place, image: 'i', image_digest: null, started_at: 0, logged_until: null }
  return [
    statement(query.insertInto('endpoint_instances').values(instance)),
    statement(query.insertInto('endpoint_containers').values(container)),
  ]
}

async function createEndpoint(database: Database) {
  const spec = JSON.stringify({ variants: [{ name: 'v', routingStrategy: 'RANDOM', containers: [] }] })
  const { query } = database
  const endpoint = { ...KEY, name: 'e', fleet: 1, config_name: 'c', spec, status: 'Updating', failure_reason: null }
  const numbers = { generation: 1, observed_generation: 1, revision: 1, created_at: 0, modified_at: 0 }
  const variant = { ...KEY, fleet: 1, variant_name: 'v', position: 0, instance_type: 'ml.m5.large' }
  const counts = { desired_weight: 1, desired_instance_count: 1, current_weight: 1, current_instance_count: 1 }
  await database.commit([
    statement(query.insertInto('endpoints').values({ ...endpoint, ...numbers, deployment_config: null })),
    statement(
      query
        .insertInto('endpoint_variants')
        .values({ ...variant, ...counts, traffic: 1, deployed_images: null, variant_status: null }),
    ),
  ])
}

/** A worker's data plane, which hears of changes so many milliseconds late. */
async function startWorker(slot: string, late: () => number) {
  const database = await store.open()
  const watch = watchCommits(database, log)
  const feed = await startTableChangeFeed({ db: database, watch, clock, log })
  const heard = lateFeed(feed, late)
  const serving = new ServingWorker({ database, now: clock.now, slot, serves: () => routes.serves, log })
  await serving.start()
  const holds = new InstanceHolds({ database, changeFeed: feed, worker: serving.id, now: clock.now, log })
  const plane = new DataPlane(() => {}, holds)
  const routes: RouteTable = new RouteTable(serving.loader(routeLoader(database, true)), (one) => plane.retire(one))
  heard.subscribe(ENDPOINTS_TOPIC, (key) => routes.refresh(key))
  heard.subscribe(DRAINS_TOPIC, (drain) => {
    const { instance, route } = parseDrain(drain)
    if (serving.isKnown) void routes.caughtUp(route).then(() => holds.letGo(instance))
  })
  ends.push(async () => {
    heard.release()
    plane.close()
    await serving.stop()
    watch.stop()
    await feed.stop()
  })
  const knows = async () => (await routes.find(ROUTE))?.variants[0]?.instances.map((instance) => instance.id)
  const invoke = async (): Promise<string> => {
    const [variant] = (await routes.find(ROUTE))?.variants ?? []
    if (variant === undefined) return 'no route'
    return new Promise((resolve) => {
      const body = { kind: 'collected', chunks: [Buffer.from('hello')] } as const
      const invocation = { headerLines: '', body, contentLength: 5, timeoutMilliseconds: 10_000, maxResponseBytes: 99 }
      plane.invoke(variant, invocation, {
        onHead: () => {},
        onBody: () => true,
        onEnd: () => resolve('answered'),
        onFailure: (failure) => resolve(typeof failure === 'string' ? failure : failure.kind),
      })
    })
  }
  return { invoke, knows }
}

it('loses no request, however late each worker hears that an instance is to be ended', async () => {
  const chance = faultChance('late workers')
  const database = await store.open()
  const watch = watchCommits(database, log)
  const changeFeed = await startTableChangeFeed({ db: database, watch, clock, log })
  const bells = new InstanceBells()
  changeFeed.subscribe(INSTANCES_TOPIC, (id) => bells.ring(id))
  ends.push(async () => {
    watch.stop()
    await changeFeed.stop()
  })
  const container = async () => {
    // Some of what is on its way takes a while.
    const made = await httpContainer((request, response) => {
      request.resume().on('end', () => setTimeout(() => response.end('yes'), chance.between(0, 9) === 0 ? 300 : 0))
    })
    ends.push(() => made.stop())
    return made
  }
  let current = await container()
  let id = 'i-0'
  await createEndpoint(database)
  await database.commit(newInstance(database, id, current))
  const delay = { prompt: 0, late: 0 }
  const workers = [await startWorker('0', () => delay.prompt), await startWorker('1', () => delay.late)]
  const outcomes: Record<string, number> = {}
  let going = true
  const load = workers.flatMap((worker) =>
    Array.from({ length: 4 }, async () => {
      while (going) {
        const outcome = await worker.invoke()
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        await pause(1)
      }
    }),
  )
  try {
    for (let round = 1; round <= 3; round++) {
      delay.prompt = chance.between(0, 50)
      delay.late = chance.between(3_100, 4_500)
      for (const worker of workers) await eventually(async () => expect(await worker.knows()).toEqual([id]))
      const next = await container()
      const { query } = database
      const changed_at = clock.now()
      await database.commit([
        ...newInstance(database, `i-${round}`, next),
        statement(query.updateTable('endpoint_instances').set({ state: 'Stopping', changed_at }).where('id', '=', id)),
        statement(query.updateTable('endpoints').set(({ eb }) => ({ revision: eb('revision', '+', 1) }))),
        changeFeed.announce({ topic: ENDPOINTS_TOPIC, key: ROUTE }),
      ])
      const state = await loadEndpoint(database, KEY)
      const leaving = state?.instances.find((instance) => instance.id === id)
      if (state === undefined || leaving === undefined) throw new Error('the endpoint is gone')
      const deps = { database, changeFeed, clock, bells, log, routesMilliseconds: ROUTES_MILLISECONDS }
      await drained({ ...deps, requestSeconds: 60 }, { row: leaving, state }, AbortSignal.timeout(30_000))
      await current.stop()
      await database.commit([statement(query.deleteFrom('endpoint_instances').where('id', '=', id))])
      current = next
      id = `i-${round}`
    }
  } finally {
    going = false
    await Promise.all(load)
  }
  console.info(`late workers: ${JSON.stringify(outcomes)}`)
  expect(Object.keys(outcomes)).toEqual(['answered'])
})
