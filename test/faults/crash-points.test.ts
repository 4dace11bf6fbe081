import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RuntimeError } from '../../src/runtime/container-runtime.ts'
import { type TestStore, testStores } from '../support/databases.ts'
import { eventually } from '../support/eventually.ts'
import { ECR_IMAGE, ROLE, startSagemaker, type TestSagemaker } from '../support/sagemaker-service.ts'
import { type ScriptedEngine, startScriptedEngine } from '../support/scripted-engine.ts'
import {
  type Killing,
  type ScriptedWorker,
  type ScriptedWorkerOptions,
  startScriptedWorker,
} from '../support/scripted-worker.ts'

const container = { Image: ECR_IMAGE, ModelDataUrl: 's3://models/iris.tar.gz' }
const variant = { VariantName: 'v', ModelName: 'm', InstanceType: 'ml.m5.large' as const }

describe.each(testStores)(
  'workers that are killed, or taken for dead, anywhere, on $dialect',
  ({ dialect, create: open }) => {
    let store: TestStore
    let engine: ScriptedEngine
    let api: TestSagemaker
    const workers: ScriptedWorker[] = []

    beforeEach(async () => {
      store = await open()
      engine = await startScriptedEngine()
      api = await startSagemaker(store)
      await api.call('CreateModel', { ModelName: 'm', ExecutionRoleArn: ROLE, PrimaryContainer: container })
      for (const count of [1, 2]) {
        const ProductionVariants = [{ ...variant, InitialInstanceCount: count }]
        await api.call('CreateEndpointConfig', { EndpointConfigName: `c${count}`, ProductionVariants })
      }
    })
    afterEach(async () => {
      await stopAll()
      await api.stop()
      engine.stop()
      await store.remove()
    })

    const start = async (options: ScriptedWorkerOptions = {}) => {
      const worker = await startScriptedWorker(store, engine, options)
      workers.push(worker)
      return worker
    }
    const create = (name = 'e', instances = 2) =>
      api.call('CreateEndpoint', { EndpointName: name, EndpointConfigName: `c${instances}` })
    const remove = (name = 'e') => api.call('DeleteEndpoint', { EndpointName: name })
    const statusOf = async (name: string) => {
      const found = await api.call('DescribeEndpoint', { EndpointName: name }).catch(() => undefined)
      return found?.EndpointStatus
    }
    const running = () => [...engine.containers.values()].filter((one) => one.running)
    const inService = (name = 'e', instances = 2) =>
      eventually(async () => {
        const described = await api.call('DescribeEndpoint', { EndpointName: name })
        expect(described.EndpointStatus).toBe('InService')
        expect(described.ProductionVariants?.[0]?.CurrentInstanceCount).toBe(instances)
        expect(running()).toHaveLength(instances)
      })
    const gone = (name = 'e') =>
      eventually(async () => {
        expect(await statusOf(name)).toBeUndefined()
        expect([...engine.containers.keys()]).toEqual([])
      })
    const stopAll = () => Promise.all(workers.splice(0).map((worker) => worker.stop()))

    /** The life of an endpoint in the hands of a worker that is killed at one of its calls, and of another that goes on. */
    async function liveThroughKill(name: string, killing: Killing): Promise<boolean> {
      const startedBefore = engine.started
      const worker = await start({ killing, lease: 150 })
      const killed = worker.killed.then(() => 'killed' as const)
      await create(name, 1)
      let end = await Promise.race([killed, inService(name, 1)])
      if (end !== 'killed') {
        await remove(name)
        end = await Promise.race([killed, gone(name)])
      }
      if (end === 'killed') {
        await start({ lease: 150 })
        const status = await eventually(async () => {
          const now = await statusOf(name)
          expect(now).not.toBe('Creating')
          return now
        })
        if (status === 'InService') {
          await inService(name, 1)
          await remove(name)
        } else expect([undefined, 'Deleting']).toContain(status)
        await gone(name)
      }
      expect(engine.started - startedBefore).toBe(1)
      await stopAll()
      return end === 'killed'
    }

    const READS = ['listContainers', 'findImage', 'inspectContainer']
    const WRITES = ['commit', 'pullImage', 'startContainer', 'stopContainer', 'removeContainer']

    // Long, and nothing in it depends on the database beyond what the other tests show.
    it.runIf(dialect === 'sqlite')(
      'creates and deletes an endpoint, without a container too many or left',
      async () => {
        for (const call of [...READS, ...WRITES]) {
          let kills = 0
          // The commits of an idle worker, which renew leases, go on for ever.
          for (let nth = 1; nth <= 24; nth++) {
            if (!(await liveThroughKill(`${call}-${nth}-not-done`, { call, nth, happens: false }))) break
            kills++
            // For what changes nothing, before and after are the same.
            if (WRITES.includes(call)) await liveThroughKill(`${call}-${nth}-done`, { call, nth, happens: true })
          }
          expect(kills, call).toBeGreaterThan(0)
        }
      },
      240_000,
    )

    /** An update in the hands of a worker that is killed at one of its calls, and of another that goes on. */
    async function updateThroughKill(config: string, killing: Killing): Promise<boolean> {
      const worker = await start({ killing, lease: 150, runtime: withoutBad })
      await api.call('UpdateEndpoint', { EndpointName: 'e', EndpointConfigName: config, ...ROLLING })
      const over = () => eventually(async () => expect(await statusOf('e')).toBe('InService'))
      const end = await Promise.race([worker.killed.then(() => 'killed' as const), over()])
      if (end === 'killed') {
        await start({ lease: 150, runtime: withoutBad })
        await over()
      }
      const described = await api.call('DescribeEndpoint', { EndpointName: 'e' })
      expect([described.EndpointConfigName, described.FailureReason === undefined]).toEqual(
        config === 'bad' ? ['c2', false] : [config, true],
      )
      await eventually(() => expect(running()).toHaveLength(2))
      expect([...engine.containers.keys()]).toHaveLength(2)
      await stopAll()
      return end === 'killed'
    }
    const ROLLING = {
      DeploymentConfig: {
        RollingUpdatePolicy: {
          MaximumBatchSize: { Type: 'CAPACITY_PERCENT' as const, Value: 50 },
          WaitIntervalInSeconds: 0,
        },
      },
    }
    /** An engine that cannot start the containers of the config `bad`. */
    const withoutBad: ScriptedWorkerOptions['runtime'] = (runtime) => ({
      ...runtime,
      startContainer: async (spec, signal) => {
        if (spec.environment.BAD === 'yes') throw new RuntimeError('unsupported', 'it is bad')
        return runtime.startContainer(spec, signal)
      },
    })

    it.runIf(dialect === 'sqlite').each([
      ['c2', [...WRITES]],
      // Nothing is started, and so nothing ended, of what cannot start.
      ['bad', ['commit']],
    ])(
      'updates an endpoint to the config %s, without a container too many or left',
      async (config, calls) => {
        const BAD = { ...container, Environment: { BAD: 'yes' } }
        await api.call('CreateModel', { ModelName: 'bad', ExecutionRoleArn: ROLE, PrimaryContainer: BAD })
        const ProductionVariants = [{ ...variant, ModelName: 'bad', InitialInstanceCount: 2 }]
        await api.call('CreateEndpointConfig', { EndpointConfigName: 'bad', ProductionVariants })
        await start()
        await create('e', 2)
        await inService('e', 2)
        await stopAll()
        for (const call of calls) {
          let kills = 0
          // Killed after one commit is killed before the next: only calls of the engine need both.
          const cases = call === 'commit' ? [true] : [false, true]
          for (let nth = 1; nth <= 16; nth++) {
            let killed = false
            for (const happens of cases) killed = (await updateThroughKill(config, { call, nth, happens })) || killed
            if (!killed) break
            kills++
          }
          expect(kills, call).toBeGreaterThan(0)
        }
        await start()
        await remove('e')
        await gone('e')
      },
      240_000,
    )

    it('deletes an endpoint at once although a pull hangs and a container is just starting', async () => {
      let pulling = () => {}
      const begun = new Promise<void>((resolve) => {
        pulling = resolve
      })
      await start()
      await create()
      await inService()
      await stopAll()
      await start({
        runtime: (runtime) => ({
          ...runtime,
          pullImage: (_, signal) =>
            new Promise((_resolve, reject) => {
              pulling()
              signal.addEventListener('abort', () => reject(signal.reason))
            }),
        }),
      })
      const [victim] = running()
      engine.end(victim?.id ?? '', 1)
      await begun
      const started = performance.now()
      await remove()
      await gone()
      expect(performance.now() - started).toBeLessThan(2_000)
    })

    it('does not let one slow start hold up another replacement', async () => {
      await start()
      await create()
      await inService()
      await stopAll()
      let slow = true
      const worker = await start({
        runtime: (runtime) => ({
          ...runtime,
          startContainer: (spec, signal) => {
            if (!slow) return runtime.startContainer(spec, signal)
            slow = false
            return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
          },
        }),
      })
      const [first, second] = running()
      const instanceOf = (one = first) => one?.labels['io.slipway.instance'] ?? ''
      engine.end(first?.id ?? '', 1)
      worker.bells.ring(instanceOf(first))
      await eventually(() => expect(slow).toBe(false))
      engine.end(second?.id ?? '', 1)
      worker.bells.ring(instanceOf(second))
      await eventually(() => expect(running()).toHaveLength(1))
      expect([first?.id, second?.id]).not.toContain(running()[0]?.id)
    })

    it('lets the other worker finish what one was doing when it was taken for dead, and both agree', async () => {
      let release = () => {}
      const held = new Promise<void>((resolve) => {
        release = resolve
      })
      let starting = 0
      // The first worker's engine calls take longer than its lease is renewed: the second takes over meanwhile.
      await start({
        lease: 100,
        runtime: (runtime) => ({
          ...runtime,
          startContainer: async (spec, signal) => {
            starting++
            await held
            return runtime.startContainer(spec, signal)
          },
        }),
      })
      await create()
      await eventually(() => expect(starting).toBe(2))
      await start()
      release()
      await inService()
      expect(engine.started).toBe(2)
    })
  },
)
