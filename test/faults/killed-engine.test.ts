import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalEngine, startEngine } from '../../scripts/machine/engine.ts'
import { isAlive } from '../../scripts/machine/lock.ts'
import { createEngineClient } from '../../src/runtime/docker/engine-client.ts'
import { faultChance } from '../support/chance.ts'
import { constantLoad } from '../support/constant-load.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { type LargePull, largePull } from '../support/large-pull.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'
import { replaceWorkers } from '../support/worker-pids.ts'

const MIB = 1024 * 1024
const who = (name: string) => ({ name: 'v', instances: 2, container: { Environment: { WHO: name } } })

// Podman keeps nothing in its service, so that Docker is the one to look at each time.
const KINDS = process.env.SLOW_TESTS === '1' ? ENGINES : (['docker'] as const)

for (const kind of KINDS) {
  describe.skipIf(lacksEngine(kind))(`an engine that is killed: ${kind}`, () => {
    const chance = faultChance(`killed ${kind}`)
    let engine: LocalEngine
    let hosting: HostingFixture
    let pull: LargePull
    let tries = 0
    beforeAll(async () => {
      ;[engine, pull] = await Promise.all([startEngine(kind, { ours: true }), largePull()])
      hosting = await startHosting(engine, { workers: 2 })
    })
    afterAll(async () => {
      await hosting?.stop()
      await engine?.stop()
      await pull?.stop()
    })

    const fresh = (name: string) => `${name}-${++tries}`
    const running = async (name: string) =>
      (await hosting.containers(name)).filter((one) => one.running).map(({ id }) => id)
    /** So many containers run, there are no others, and all of them answer. */
    const converged = (name: string, count: number) =>
      eventually(async () => {
        const all = (await hosting.containers(name)).map(({ id }) => id)
        expect(all).toHaveLength(count)
        expect(await running(name)).toEqual(all)
        const described = await hosting.describe(name)
        expect([described.EndpointStatus, described.FailureReason]).toEqual(['InService', undefined])
        expect(described.ProductionVariants).toMatchObject([{ CurrentInstanceCount: count }])
        expect((await hosting.api.invoke(name)).status).toBe(200)
        return all
      }, 60_000)

    it('while it serves: requests are answered, by new workers too, and what it takes down when it is back is replaced', async () => {
      const name = fresh('serving')
      await hosting.deploy(name, { instances: 2 })
      const before = await running(name)
      engine.kill()
      for (let request = 0; request < 10; request++) expect((await hosting.api.invoke(name)).status).toBe(200)
      await replaceWorkers(hosting.slipway, 2)
      for (let request = 0; request < 10; request++) expect((await hosting.api.invoke(name)).status).toBe(200)
      expect(await hosting.describe(name)).toMatchObject({
        EndpointStatus: 'InService',
        ProductionVariants: [{ CurrentInstanceCount: 2 }],
      })
      await engine.revive()
      // Podman's containers live on without it; Docker takes down what ran when it starts.
      const survivors = async () => (await running(name)).filter((id) => before.includes(id))
      await eventually(async () => expect(await survivors()).toEqual(kind === 'podman' ? before : []), 30_000)
      const after = await converged(name, 2)
      if (kind === 'podman') expect(after).toEqual(before)
      else
        expect(hosting.slipway.process.output()).toMatch(
          /"detail":"[^"]*(exit code|gone)[^"]*".*"msg":"instance failed"/,
        )
      await hosting.remove(name)
      expect(await hosting.containers(name)).toEqual([])
    }, 90_000)

    it('in mid-pull: the image is pulled again, and the endpoint comes up', async () => {
      const name = fresh('pulling')
      const cut = pull.strikeAfter(chance.between(MIB, 25 * MIB), () => engine.kill())
      await hosting.create(name, { image: pull.image })
      await cut()
      expect(await hosting.describe(name)).toMatchObject({ EndpointStatus: 'Creating' })
      await eventually(() => expect(hosting.slipway.process.output()).toContain('the container engine does not answer'))
      await engine.revive()
      const { EndpointStatus, FailureReason } = await hosting.settled(name, 60_000)
      expect([EndpointStatus, FailureReason]).toEqual(['InService', undefined])
      await converged(name, 1)
      await hosting.remove(name)
      expect(await hosting.containers(name)).toEqual([])
    }, 120_000)

    it('in mid-update, at two moments: the update goes on to its end', async () => {
      const name = fresh('updating')
      await hosting.deploy(name, who('old'))
      const load = constantLoad(hosting.api, name)
      const policy = { MaximumBatchSize: { Type: 'INSTANCE_COUNT', Value: 1 }, WaitIntervalInSeconds: 1 }
      await hosting.update(name, `${name}-next`, { DeploymentConfig: { RollingUpdatePolicy: policy } }, who('new'))
      const strike = async () => {
        engine.kill()
        expect((await hosting.describe(name)).EndpointStatus).toBe('Updating')
        await engine.revive()
      }
      // The first of the new fleet is being made, or has been.
      await eventually(async () => expect((await hosting.containers(name)).length).toBeGreaterThan(2), 30_000, 5)
      await strike()
      await load.answered(chance.between(1, 50), 'new')
      await strike()
      expect(await hosting.atRest(name, 90_000)).toMatchObject({
        EndpointStatus: 'InService',
        EndpointConfigName: `${name}-next`,
      })
      await load.answered(5, 'new')
      await load.stop()
      await converged(name, 2)
      await hosting.remove(name)
      expect(await hosting.containers(name)).toEqual([])
    }, 150_000)

    it('together with the server and all containers: what was asked for is brought about by the next start', async () => {
      const [name, coming, leaving] = [fresh('all'), fresh('coming'), fresh('leaving')]
      await hosting.deploy(name, who('old'))
      await hosting.deploy(leaving)
      await hosting.update(name, `${name}-next`, {}, who('new'))
      await hosting.create(coming)
      await hosting.api.sagemaker('DeleteEndpoint', { EndpointName: leaving })
      // Somewhere between the first start of a container and the end of all that.
      await delay(chance.between(0, 2_000))
      const pids = await containerPids(engine)
      engine.kill()
      process.kill(hosting.slipway.process.pid, 'SIGKILL')
      for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      await engine.revive()
      await hosting.restart('SIGKILL')
      expect(await hosting.atRest(name, 60_000)).toMatchObject({ EndpointConfigName: `${name}-next` })
      expect(await hosting.settled(coming, 60_000)).toMatchObject({ EndpointStatus: 'InService' })
      await eventually(() => expect(hosting.describe(leaving)).rejects.toThrow('Could not find endpoint'), 30_000)
      await converged(name, 2)
      await converged(coming, 1)
      expect(await hosting.containers(leaving)).toEqual([])
      expect((await hosting.api.invoke(name, { commands: 'env' })).body).toContain('"WHO=new"')
      await Promise.all([hosting.remove(name), hosting.remove(coming)])
      expect(await hosting.runtime.listContainers({}, AbortSignal.timeout(10_000))).toEqual([])
    }, 150_000)
  })
}

/** The first process of each container that runs. */
async function containerPids({ socket }: LocalEngine): Promise<readonly number[]> {
  const client = createEngineClient({ kind: 'unix', path: socket.replace('unix://', '') }, '/v1.41')
  const signal = AbortSignal.timeout(10_000)
  const list = await client.json<{ Id: string }[]>('GET', '/containers/json', { signal })
  const pids = list.map(async ({ Id }) => {
    const found = await client.json<{ State: { Pid: number } }>('GET', `/containers/${Id}/json`, { signal })
    return found.State.Pid
  })
  const found = (await Promise.all(pids)).filter((pid) => pid > 0)
  await client.close()
  return found
}
