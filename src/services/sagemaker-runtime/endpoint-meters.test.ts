import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../../../test/support/eventually.ts'
import { deadAddress, httpContainer, socketContainer } from '../../../test/support/fake-container.ts'
import { type InvocationGateway, startInvocationGateway } from '../../../test/support/invocation-gateway.ts'
import type { Route } from '../../dataplane/route.ts'
import type { CloudwatchFacade, CounterOptions, MetricTarget } from '../cloudwatch/facade.ts'
import type { Aggregate } from '../cloudwatch/metrics/aggregate.ts'
import { Counter } from '../cloudwatch/metrics/counter.ts'
import { seriesOfTarget } from '../cloudwatch/metrics/series.ts'
import { meteredRoutes } from './endpoint-meters.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const part of running.splice(0)) await part.stop()
})

async function started<T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> {
  running.push(await part)
  return part
}

/** Real counters, without what stores them. */
function counters() {
  const made: { target: MetricTarget; counter: Counter }[] = []
  const cloudwatch = {
    counter: (target: MetricTarget, unit: string, options: CounterOptions = {}) => {
      const { percentiles = false, also } = options
      const counter = new Counter(seriesOfTarget(target), unit, percentiles, also && seriesOfTarget(also))
      made.push({ target, counter })
      return counter
    },
  } as Partial<CloudwatchFacade> as CloudwatchFacade
  const drain = (variant = 'AllTraffic'): Record<string, Aggregate> =>
    Object.fromEntries(
      made.flatMap(({ target, counter }) => {
        const aggregate = target.dimensions.VariantName === variant ? counter.drain() : undefined
        return aggregate === undefined ? [] : [[target.name, aggregate] as const]
      }),
    )
  return { cloudwatch, made, drain }
}

const route = (addresses: readonly string[], variants: readonly string[] = ['AllTraffic']): Route => ({
  endpointName: 'iris',
  account: '123456789012',
  region: 'us-east-1',
  hosted: true,
  variants: variants.map((name) => ({
    name,
    weight: 1,
    share: 1,
    strategy: 'RANDOM',
    instances: addresses.map((address, index) => ({ id: `i-${index}`, address })),
  })),
})

async function gatewayTo(addresses: readonly string[]) {
  const { cloudwatch, drain } = counters()
  const metered = await meteredRoutes(async () => route(addresses), cloudwatch)('iris')
  const gateway: InvocationGateway = await started(startInvocationGateway({ containerSeconds: 0.3 }))
  gateway.route('iris', metered)
  return { gateway, drain }
}

const sums = (found: Record<string, Aggregate>) =>
  Object.fromEntries(
    Object.entries(found)
      .filter(([name]) => !name.endsWith('Latency'))
      .map(([name, { sum, count }]) => [name, `${sum}/${count}`]),
  )

describe('the metrics of invocations', () => {
  it('count answers by their status, and tell the time of container and platform apart', async () => {
    let status = 200
    const container = await started(
      httpContainer((_request, response) => {
        setTimeout(() => response.writeHead(status).end('x'), 30)
      }),
    )
    const { gateway, drain } = await gatewayTo([container.address, container.address])
    for (status of [200, 200, 400, 500]) await gateway.invoke('iris')
    const found = drain()
    expect(sums(found)).toEqual({
      Invocations: '4/4',
      InvocationsPerInstance: '2/4',
      Invocation4XXErrors: '1/4',
      Invocation5XXErrors: '1/4',
      InvocationModelErrors: '2/4',
    })
    expect(found.ModelLatency?.minimum).toBeGreaterThan(28_000)
    expect(found.ModelLatency?.count).toBe(4)
    expect(found.OverheadLatency?.minimum).toBeGreaterThan(0)
    expect(found.OverheadLatency?.minimum).toBeLessThan(28_000)
  })

  it.each([
    ['a container that breaks', () => started(socketContainer((socket) => socket.on('data', () => socket.destroy())))],
    ['a container that is silent', () => started(socketContainer((socket) => socket.resume()))],
    [
      'an answer that is no HTTP',
      () => started(socketContainer((socket) => socket.on('data', () => socket.write('?\r\n\r\n')))),
    ],
    ['no container', async () => ({ address: await deadAddress() })],
  ])('count %s as an error of the model', async (_what, container) => {
    const { gateway, drain } = await gatewayTo([(await container()).address])
    const { status } = await gateway.invoke('iris')
    expect(status).toBeGreaterThanOrEqual(424)
    expect(sums(drain())).toMatchObject({
      Invocations: '1/1',
      InvocationModelErrors: '1/1',
      Invocation4XXErrors: '0/1',
      Invocation5XXErrors: '0/1',
    })
  })

  it('count a caller who leaves once, and nothing against the model', async () => {
    const container = await started(socketContainer((socket) => socket.resume()))
    const { gateway, drain } = await gatewayTo([container.address])
    const target = '/endpoints/iris/invocations'
    const leaving = new AbortController()
    const call = fetch(`http://127.0.0.1:${gateway.port}${target}`, {
      method: 'POST',
      headers: gateway.signed(target, 'x'),
      body: 'x',
      signal: leaving.signal,
    })
    await delay(50)
    leaving.abort()
    await expect(call).rejects.toThrow()
    const found = await eventually(async () => {
      const drained = sums(drain())
      if (drained.Invocations === undefined) throw new Error('not counted yet')
      return drained
    })
    expect(found).toEqual({ Invocations: '1/1', InvocationsPerInstance: '1/1' })
  })

  it('are those of each config too, in which two fleets of it are one', async () => {
    const { cloudwatch, made } = counters()
    const { variants, ...rest } = route(['127.0.0.1:1'])
    const fleets = ['first', 'second', 'second'].flatMap((configName) =>
      variants.map((one) => ({ ...one, configName })),
    )
    const found = await meteredRoutes(async () => ({ ...rest, variants: fleets }), cloudwatch)('iris')
    const [first, second, third] = found?.variants.map(({ meter }) => meter) ?? []
    expect(second).toBe(third)
    first?.count(200, true, 1, 1)
    second?.count(500, true, 1, 1)
    second?.countAbandoned()
    const counted = made
      .filter(({ target }) => target.name === 'Invocations')
      .map(({ counter }) => [counter.series.dimensions, counter.also?.dimensions, counter.drain()?.sum])
    const own = { EndpointName: 'iris', VariantName: 'AllTraffic' }
    const dimensions = (more: object) =>
      seriesOfTarget({ ...made[0]!.target, dimensions: { ...own, ...more } }).dimensions
    expect(counted).toEqual([
      [dimensions({}), dimensions({ EndpointConfigName: 'first' }), 1],
      [dimensions({}), dimensions({ EndpointConfigName: 'second' }), 2],
    ])
  })

  it('go on from one load of a route to the next, and end with the variant', async () => {
    const { cloudwatch, made } = counters()
    let current: Route | undefined = route(['127.0.0.1:1'], ['a', 'b'])
    const load = meteredRoutes(async () => current, cloudwatch)
    const first = await load('iris')
    const again = await load('iris')
    expect(again?.variants.map(({ meter }) => meter)).toEqual(first?.variants.map(({ meter }) => meter))
    expect(made).toHaveLength(14)
    current = route(['127.0.0.1:1'], ['a'])
    await load('iris')
    const closed = () => made.filter(({ counter }) => counter.closed).map(({ target }) => target.dimensions.VariantName)
    expect(new Set(closed())).toEqual(new Set(['b']))
    current = undefined
    await load('iris')
    expect(closed()).toHaveLength(14)
  })
})
