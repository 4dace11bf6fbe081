import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TestStore, testStores } from '../../../../test/support/databases.ts'
import { eventually } from '../../../../test/support/eventually.ts'
import { startSagemaker, type TestSagemaker } from '../../../../test/support/sagemaker-service.ts'
import { InstanceHolds } from '../../../dataplane/instance-holds.ts'
import { ServingWorker } from '../../../dataplane/serving-worker.ts'
import type { EndpointInstanceRow, EndpointRow } from '../../../storage/schema/endpoints.ts'
import { statement } from '../../../storage/statement.ts'
import { silentLogger } from '../../../telemetry/log.ts'
import { drained } from './drain-instance.ts'
import { DRAINS_TOPIC, type EndpointState, parseDrain } from './endpoint-state.ts'
import { InstanceBells } from './instance-bells.ts'

const key = { account: '1', region: 'r', name_key: 'e' }
const endpoint: EndpointRow = {
  ...key,
  name: 'e',
  fleet: 1,
  config_name: 'c',
  spec: '{}',
  status: 'Updating',
  failure_reason: null,
  generation: 1,
  observed_generation: 1,
  revision: 1,
  deployment_config: null,
  created_at: 0,
  modified_at: 0,
}

describe.each(testStores)('an instance that is to be ended, on $dialect', ({ create }) => {
  let store: TestStore
  let service: TestSagemaker
  let now = 1_000_000
  const clock = { now: () => now }
  const bells = new InstanceBells()
  const holds: InstanceHolds[] = []
  const serving: ServingWorker[] = []
  let unsubscribe = () => {}

  beforeEach(async () => {
    store = await create()
    service = await startSagemaker(store)
    const { query } = service.database
    await service.database.commit([
      statement(query.insertInto('endpoints').values(endpoint)),
      statement(query.insertInto('endpoint_instances').values(row())),
    ])
    unsubscribe = service.deps.changeFeed.subscribe('instances', (id) => bells.ring(id))
  })
  afterEach(async () => {
    for (const hold of holds.splice(0)) hold.stop()
    for (const one of serving.splice(0)) await one.stop()
    unsubscribe()
    await service.stop()
    await store.remove()
  })

  const row = (): EndpointInstanceRow => ({
    ...key,
    id: 'i-1',
    fleet: 1,
    variant_name: 'v',
    generation: 1,
    state: 'Stopping',
    created_at: 0,
    changed_at: now,
    detail: null,
    failures: 0,
  })
  /** What one worker keeps. */
  const worker = (name = randomUUID()) => {
    const { database, changeFeed } = service.deps
    const made = new InstanceHolds({ database, changeFeed, worker: name, now: clock.now, log: silentLogger })
    holds.push(made)
    return made
  }
  /** A worker that has a route to the instance, and lets go of it when `obeys` says so. */
  const serve = async (slot = '0', obeys = () => true) => {
    const { database, changeFeed } = service.deps
    const one = new ServingWorker({ database, now: clock.now, slot, serves: () => true, log: silentLogger })
    await one.start()
    const instances = [{ id: 'i-1', address: '127.0.0.1:1' }]
    const variants = [{ name: 'v', weight: 1, share: 1, strategy: 'RANDOM' as const, instances }]
    const load = async () => ({ endpointName: 'e', account: '1', region: 'r', hosted: true, variants })
    await one.loader(load)('1/r/e')
    serving.push(one)
    const kept = worker(one.id)
    let asked = 0
    changeFeed.subscribe(DRAINS_TOPIC, (drain) => {
      asked++
      expect(parseDrain(drain)).toEqual({ instance: 'i-1', route: '1/r/e' })
      if (obeys()) kept.letGo('i-1')
    })
    return { holds: kept, stop: () => one.stop(), asked: () => asked }
  }
  const heldBy = async () => {
    const rows = await service.database.query.selectFrom('endpoint_holds').selectAll().execute()
    return rows.filter(({ expires_at: until }) => until > now)
  }
  const held = async () => (await heldBy()).length
  const drain = (over: { status?: string; requestSeconds?: number; routesMilliseconds?: number } = {}) => {
    const { status = 'Updating', requestSeconds = 60, routesMilliseconds = 60_000 } = over
    let ended = false
    const containers = [{ instance_id: 'i-1', address: '127.0.0.1:1' }]
    const state = { key, endpoint: { ...endpoint, status }, containers } as unknown as EndpointState
    const { database, changeFeed } = service.deps
    const deps = { database, changeFeed, clock, bells, log: silentLogger, requestSeconds, routesMilliseconds }
    const done = drained(deps, { row: row(), state }, new AbortController().signal).then(() => {
      ended = true
    })
    return { done, isOver: () => ended }
  }

  it('is ended at once when nobody waits for it', async () => {
    await drain().done
  })

  it('waits for the last answer of every worker that holds it', async () => {
    const [first, second] = [worker(), worker()]
    first.hold('i-1')
    second.hold('i-1')
    second.hold('i-1')
    second.hold('i-2')
    await eventually(async () => expect(await held()).toBe(2))
    const draining = drain()
    first.release('i-1')
    first.release('i-1')
    await eventually(async () => expect(await held()).toBe(1))
    expect(draining.isOver()).toBe(false)
    second.release('i-1')
    await draining.done
    expect(await held()).toBe(0)
  })

  it('does not wait for a worker that has died', async () => {
    worker().hold('i-1')
    await eventually(async () => expect(await held()).toBe(1))
    for (const hold of holds.splice(0)) hold.stop()
    const draining = drain()
    now += 10_001
    await draining.done
  })

  it('waits until every worker that has routes has let go of it', async () => {
    let slow = true
    await serve('0')
    await serve('1', () => !slow)
    const draining = drain()
    await eventually(async () =>
      expect(await service.database.query.selectFrom('endpoint_holds').selectAll().execute()).toHaveLength(1),
    )
    expect(draining.isOver()).toBe(false)
    slow = false
    await draining.done
    await service.database.commit([statement(service.database.query.deleteFrom('endpoint_instances'))])
    const { holds: late } = await serve('2')
    late.letGo('i-1')
    await service.heard()
    // Of an instance that is gone nothing is written any more.
    expect(await service.database.query.selectFrom('endpoint_holds').selectAll().execute()).toHaveLength(2)
  })

  it('waits for a worker that lets go of it and still has its requests', async () => {
    const { holds: busy } = await serve()
    busy.hold('i-1')
    const draining = drain()
    await eventually(async () => expect(await held()).toBe(1))
    expect(draining.isOver()).toBe(false)
    busy.release('i-1')
    await draining.done
  })

  it('does not wait for a worker that has been stopped, killed or replaced', async () => {
    const stopped = await serve('0', () => false)
    await stopped.stop()
    await drain().done
    await serve('1', () => false)
    const draining = drain()
    now += 10_001
    await draining.done
    await serve('2', () => false)
    const successor = await serve('2')
    await drain().done
    expect(successor.asked()).toBeGreaterThan(0)
  })

  it('does not wait for ever for a worker that lives and says nothing', async () => {
    const silent = await serve('0', () => false)
    const draining = drain({ routesMilliseconds: 500 })
    await eventually(() => expect(silent.asked()).toBeGreaterThan(0))
    now += 501
    await draining.done
  })

  it('waits for no longer than a request may take', async () => {
    worker().hold('i-1')
    await eventually(async () => expect(await held()).toBe(1))
    const draining = drain({ requestSeconds: 1 })
    now += 6_001
    await draining.done
  })

  it('does not wait when its endpoint has been deleted, before or meanwhile', async () => {
    worker().hold('i-1')
    await eventually(async () => expect(await held()).toBe(1))
    await serve('0', () => false)
    await drain({ status: 'Deleting' }).done
    const draining = drain()
    const { query } = service.database
    await service.database.commit([statement(query.updateTable('endpoints').set({ status: 'Deleting' }))])
    await draining.done
  })
})
