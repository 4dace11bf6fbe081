import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { servingWorkers } from '../support/worker-pids.ts'

describe.skipIf(lacksEngine('docker'))('killed and stopped servers', () => {
  let hosting: HostingFixture
  beforeAll(async () => {
    hosting = await startHosting('docker', { workers: 2 })
    await hosting.deploy('steady', { instances: 2 })
  })
  afterAll(() => hosting?.stop())

  const idsOf = async (name: string) => (await hosting.containers(name)).map(({ id }) => id)

  it('keeps endpoints and acknowledged writes when each worker is killed in turn, under load and amid creations', async () => {
    const before = await idsOf('steady')
    const created: string[] = []
    const statuses = new Set<number>()
    let answered = 0
    const broken: number[] = []
    const kills: number[] = []
    let going = true
    const load = Array.from({ length: 4 }, async () => {
      while (going) {
        try {
          statuses.add((await hosting.api.invoke('steady')).status)
          answered++
        } catch {
          broken.push(performance.now())
        }
      }
    })
    const writes = (async () => {
      for (let n = 0; going; n++) {
        const ModelPackageGroupName = `group-${n}`
        // A request that the killed worker was holding fails; what was acknowledged must be there.
        const acknowledged = hosting.api.sagemaker('CreateModelPackageGroup', { ModelPackageGroupName })
        if (
          await acknowledged.then(
            () => true,
            () => false,
          )
        )
          created.push(ModelPackageGroupName)
      }
    })()
    for (const [turn, victim] of servingWorkers(hosting.slipway).entries()) {
      const name = `amid-${turn}`
      const creation = hosting.create(name, { instances: 2, container: { Environment: { START_DELAY_MS: '500' } } })
      await creation
      await eventually(async () => expect(await idsOf(name)).not.toEqual([]), 10_000, 5)
      kills.push(performance.now())
      process.kill(victim, 'SIGKILL')
      const { EndpointStatus: status } = await hosting.settled(name, 30_000)
      expect(status).toBe('InService')
      // One that has been started and does not serve yet is no reason to kill the other.
      await eventually(() => expect(servingWorkers(hosting.slipway)).toHaveLength(2), 30_000)
      expect(await hosting.containers(name)).toHaveLength(2)
    }
    going = false
    await Promise.all([...load, writes])

    expect(await idsOf('steady')).toEqual(before)
    expect((await hosting.describe('steady')).EndpointStatus).toBe('InService')
    // Connections break that the killed worker held, or was given before its end was noticed; no answer is wrong.
    expect(statuses).toEqual(new Set([200]))
    expect(broken.filter((at) => !kills.some((kill) => at >= kill && at < kill + 1_000))).toEqual([])
    expect(answered).toBeGreaterThan(100)
    expect(created.length).toBeGreaterThan(20)
    for (const ModelPackageGroupName of created)
      await hosting.api.sagemaker('DescribeModelPackageGroup', { ModelPackageGroupName })
    await Promise.all([hosting.remove('amid-0'), hosting.remove('amid-1')])
    expect(await hosting.containers('amid-0')).toEqual([])
  }, 90_000)

  it('adopts running containers after the whole server was killed, and serves at once', async () => {
    const before = await idsOf('steady')
    await hosting.create('unborn', { container: { Environment: { START_DELAY_MS: '3000' } } })
    await eventually(async () => expect(await idsOf('unborn')).toHaveLength(1))
    const unborn = await idsOf('unborn')
    await hosting.restart('SIGKILL')
    const ready = performance.now()
    expect((await hosting.api.invoke('steady')).status).toBe(200)
    expect(performance.now() - ready).toBeLessThan(2_000)
    expect((await hosting.settled('unborn', 30_000)).EndpointStatus).toBe('InService')
    expect(await idsOf('steady')).toEqual(before)
    expect(await idsOf('unborn')).toEqual(unborn)
    expect((await hosting.describe('unborn')).ProductionVariants?.[0]?.DeployedImages).toHaveLength(1)
    await eventually(async () => expect(await hosting.printed('unborn')).toEqual(['listening with 1 arguments: serve']))
    await hosting.remove('unborn')
  }, 60_000)

  it('drains within 10 s on SIGTERM: an invocation on its way is answered, containers stay and are adopted', async () => {
    const before = await idsOf('steady')
    const slow = hosting.api.invoke('steady', { commands: 'stdout=begun;sleep=1500' })
    await eventually(async () => expect(await hosting.printed('steady')).toContain('begun'))
    const started = performance.now()
    await hosting.restart('SIGTERM')
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(await slow).toMatchObject({ status: 200, body: 'hello' })
    expect(await idsOf('steady')).toEqual(before)
    expect((await hosting.api.invoke('steady')).status).toBe(200)
    expect((await hosting.describe('steady')).EndpointStatus).toBe('InService')
  })

  it('leaves containers alone without a runtime, and takes them up again with one', async () => {
    const before = await idsOf('steady')
    await hosting.deploy('doomed')
    await hosting.restart('SIGTERM', { runtime: 'none' })
    await eventually(async () => {
      const { EndpointStatus: status, ProductionVariants: variants } = await hosting.describe('steady')
      expect([status, variants?.[0]?.CurrentInstanceCount]).toEqual(['InService', 0])
    })
    expect((await hosting.api.invoke('steady')).status).toBe(424)
    await hosting.deploy('virtual')
    await hosting.remove('doomed')
    await hosting.restart('SIGTERM')
    expect((await hosting.api.invoke('steady')).status).toBe(200)
    await eventually(async () => {
      expect((await hosting.describe('steady')).ProductionVariants?.[0]?.CurrentInstanceCount).toBe(2)
      expect((await hosting.describe('virtual')).ProductionVariants?.[0]?.CurrentInstanceCount).toBe(1)
      expect(await hosting.containers('doomed')).toEqual([])
    }, 15_000)
    expect(await idsOf('steady')).toEqual(before)
    expect((await hosting.api.invoke('virtual')).status).toBe(200)
  }, 60_000)

  it('removes containers and networks with --stop-containers, and starts new ones next time', async () => {
    const before = await idsOf('steady')
    await hosting.restart('SIGTERM', { flags: ['--stop-containers'] })
    expect(await idsOf('steady')).toEqual(before)
    await hosting.slipway.process.stop(20_000)
    expect(await hosting.runtime.listContainers({}, AbortSignal.timeout(10_000))).toEqual([])
    await hosting.restart('SIGTERM')
    await eventually(async () => expect((await hosting.api.invoke('steady')).status).toBe(200), 15_000)
    const after = await idsOf('steady')
    expect(after.filter((id) => before.includes(id))).toEqual([])
  }, 60_000)
})
