import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultChance } from '../support/chance.ts'
import { constantLoad } from '../support/constant-load.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { servingWorkers } from '../support/worker-pids.ts'

const who = (name: string) => ({ name: 'v', instances: 2, container: { Environment: { WHO: name } } })

describe.skipIf(lacksEngine('docker'))('workers that are killed amid an update', () => {
  const chance = faultChance('killed updates')
  let hosting: HostingFixture
  let tries = 0
  beforeAll(async () => {
    hosting = await startHosting('docker', { workers: 2 })
  })
  afterAll(() => hosting?.stop())

  it('lose what they were holding, and nothing else: the update goes on, and no container is left over', async () => {
    const name = `amid-${++tries}`
    await hosting.deploy(name, who('old'))
    const load = constantLoad(hosting.api, name)
    await load.answered(20)
    const policy = { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds: 2 }
    const DeploymentConfig = { RollingUpdatePolicy: policy }
    await hosting.update(name, `${name}-next`, { DeploymentConfig }, who('new'))
    const kills: number[] = []
    /** Ends a worker, and waits until another serves in its place: the next may be killed then, but not both. */
    const kill = async (victim: number | undefined) => {
      expect(victim).toBeDefined()
      kills.push(performance.now())
      process.kill(victim as number, 'SIGKILL')
      await eventually(() => {
        const now = servingWorkers(hosting.slipway)
        expect(now).not.toContain(victim)
        expect(now).toHaveLength(2)
      }, 30_000)
    }
    const first = chance.pick(servingWorkers(hosting.slipway))
    // Amid the launch of the first batch, or later when its instance serves.
    await load.answered(chance.between(1, 60))
    await kill(first)
    await load.answered(chance.between(1, 60), 'new')
    await kill(chance.pick(servingWorkers(hosting.slipway)))
    expect(await hosting.atRest(name, 90_000)).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: `${name}-next`,
      ProductionVariants: [{ CurrentInstanceCount: 2 }],
    })
    await load.answered(20, 'new')
    const { failed } = await load.stop()
    // What the killed worker held, or was given before its end was noticed, is broken; no answer is wrong.
    expect(failed.filter(({ reason }) => /^[45]\d\d /.test(reason))).toEqual([])
    expect(failed.filter(({ at }) => !kills.some((kill) => at >= kill && at < kill + 1_000))).toEqual([])
    await eventually(async () => expect(await hosting.containers(name)).toHaveLength(2))
    await hosting.remove(name)
  }, 120_000)
})
