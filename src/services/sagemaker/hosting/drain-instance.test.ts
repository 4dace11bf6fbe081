import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TestStore, testStores } from '../../../../test/support/databases.ts'
import { eventually } from '../../../../test/support/eventually.ts'
import { startSagemaker, type TestSagemaker } from '../../../../test/support/sagemaker-service.ts'
import { InstanceHolds } from '../../../dataplane/instance-holds.ts'
import type { EndpointInstanceRow, EndpointRow } from '../../../storage/schema/endpoints.ts'
import { statement } from '../../../storage/statement.ts'
import { silentLogger } from '../../../telemetry/log.ts'
import { drained } from './drain-instance.ts'
import type { EndpointState } from './endpoint-state.ts'
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
  /** As one worker keeps them. */
  const worker = () => {
    const { database, changeFeed } = service.deps
    const made = new InstanceHolds({ database, changeFeed, now: clock.now, log: silentLogger })
    holds.push(made)
    return made
  }
  const held = async () => (await service.database.query.selectFrom('endpoint_holds').selectAll().execute()).length
  const drain = (over: { status?: string; requestSeconds?: number; routesMilliseconds?: number } = {}) => {
    const { status = 'Updating', requestSeconds = 60, routesMilliseconds = 0 } = over
    let ended = false
    const containers = [{ instance_id: 'i-1', address: '127.0.0.1:1' }]
    const state = { key, endpoint: { ...endpoint, status }, containers } as unknown as EndpointState
    const deps = { database: service.database, clock, bells, requestSeconds, routesMilliseconds }
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
    await eventually(async () => expect(await held()).toBe(3))
    const draining = drain()
    first.release('i-1')
    first.release('i-1')
    await eventually(async () => expect(await held()).toBe(2))
    expect(draining.isOver()).toBe(false)
    second.release('i-1')
    await draining.done
    expect(await held()).toBe(1)
  })

  it('does not wait for a worker that has died', async () => {
    worker().hold('i-1')
    await eventually(async () => expect(await held()).toBe(1))
    for (const hold of holds.splice(0)) hold.stop()
    const draining = drain()
    now += 10_001
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
    await drain({ status: 'Deleting' }).done
    const draining = drain()
    const { query } = service.database
    await service.database.commit([statement(query.updateTable('endpoints').set({ status: 'Deleting' }))])
    await draining.done
  })
})
