import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalEngine, startEngine } from '../../scripts/machine/engine.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'
import { replaceWorkers } from '../support/worker-pids.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))
const run = promisify(execFile)

// Podman's service is the same to us while it is away, so that Docker is the one to look at each time.
const KINDS = process.env.SLOW_TESTS === '1' ? ENGINES : (['docker'] as const)

for (const kind of KINDS) {
  describe.skipIf(lacksEngine(kind))(`an engine that comes after the server: ${kind}`, () => {
    let engine: LocalEngine
    let hosting: HostingFixture
    let tries = 0
    beforeAll(async () => {
      engine = await startEngine(kind, { ours: true })
      hosting = await startHosting(engine, { workers: 2 })
    })
    afterAll(async () => {
      await hosting?.stop()
      await engine?.stop()
    })

    const engineHealth = async () => {
      const health = await fetch(`${hosting.slipway.url}/_slipway/health`)
      return [health.status, ((await health.json()) as { engine?: string }).engine]
    }
    const running = async (name: string) => (await hosting.containers(name)).filter((one) => one.running).length

    it('the server starts, says what it waits for, serves what runs, and brings about the rest when the engine comes', async () => {
      const [there, leaving, coming] = ['there', 'leaving', 'coming'].map((name) => `${name}-${tries}`) as [
        string,
        string,
        string,
      ]
      tries++
      await hosting.deploy(there, { instances: 2 })
      await hosting.deploy(leaving)
      engine.kill()
      await hosting.restart('SIGKILL')
      const output = () => hosting.slipway.process.output()
      await eventually(() => expect(output()).toMatch(/Endpoints wait: The container engine at .* cannot be reached/))
      expect(output()).toContain('no container engine answers: the server serves without it')
      expect(await engineHealth()).toEqual([200, 'away'])

      // Containers live on without the engine that has started them.
      for (let request = 0; request < 10; request++) expect((await hosting.api.invoke(there)).status).toBe(200)
      expect(await hosting.describe(there)).toMatchObject({ EndpointStatus: 'InService' })
      await hosting.create(coming)
      await hosting.api.sagemaker('DeleteEndpoint', { EndpointName: leaving })
      const variants = async () => (await hosting.describe(coming)).PendingDeploymentSummary?.ProductionVariants
      await eventually(async () =>
        expect(await variants()).toMatchObject([
          {
            VariantStatus: [
              { Status: 'Creating', StatusMessage: expect.stringMatching(/wait for the container engine.*reached/) },
            ],
          },
        ]),
      )

      const command = (...args: string[]) => run(PROGRAM, [...args, '--data-dir', hosting.slipway.dataDir])
      expect((await command('status')).stderr).toContain('the container engine does not answer; what needs it waits')
      const { stdout } = await command('doctor', '--json').catch((error: { stdout: string }) => error)
      expect(JSON.parse(stdout)).toContainEqual(
        expect.objectContaining({
          check: 'container engine',
          state: 'problem',
          found: expect.stringContaining('wait for it'),
        }),
      )

      // Who takes the place of a worker does not know the engine either.
      await replaceWorkers(hosting.slipway, 2)
      expect((await hosting.api.invoke(there)).status).toBe(200)
      expect(await engineHealth()).toEqual([200, 'away'])

      await engine.revive()
      expect((await hosting.settled(coming, 60_000)).EndpointStatus).toBe('InService')
      await eventually(() => expect(hosting.describe(leaving)).rejects.toThrow('Could not find endpoint'), 60_000)
      await eventually(async () => {
        expect([await running(there), await running(coming), await running(leaving)]).toEqual([2, 1, 0])
        expect((await hosting.describe(there)).ProductionVariants).toMatchObject([{ CurrentInstanceCount: 2 }])
        expect((await hosting.api.invoke(there)).status).toBe(200)
        expect((await hosting.api.invoke(coming)).status).toBe(200)
        expect(await engineHealth()).toEqual([200, 'ok'])
      }, 60_000)
      expect((await hosting.describe(coming)).ProductionVariants?.[0]?.VariantStatus).toBeUndefined()
      expect(output()).toContain('the container engine answers again')
      await Promise.all([hosting.remove(there), hosting.remove(coming)])
      for (const name of [there, leaving, coming]) expect(await hosting.containers(name)).toEqual([])
    }, 150_000)
  })
}
