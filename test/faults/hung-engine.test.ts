import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalEngine, startEngine } from '../../scripts/machine/engine.ts'
import { faultChance } from '../support/chance.ts'
import { constantLoad } from '../support/constant-load.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { type LargePull, largePull } from '../support/large-pull.ts'
import { lacksEngine } from '../support/shared-engine.ts'

const MIB = 1024 * 1024
const who = (name: string) => ({ name: 'v', instances: 2, container: { Environment: { WHO: name } } })

describe.skipIf(lacksEngine('docker'))('an engine that hangs', () => {
  const chance = faultChance('hung engine')
  let engine: LocalEngine
  let hosting: HostingFixture
  let pull: LargePull
  let tries = 0
  beforeAll(async () => {
    ;[engine, pull] = await Promise.all([startEngine('docker', { ours: true }), largePull()])
    hosting = await startHosting(engine, { workers: 2 })
  })
  afterAll(async () => {
    engine?.resume()
    await hosting?.stop()
    await engine?.stop()
    await pull?.stop()
  })

  const fresh = (name: string) => `${name}-${++tries}`
  const output = () => hosting.slipway.process.output()
  const engineHealth = async () => {
    const health = await fetch(`${hosting.slipway.url}/_slipway/health`)
    return ((await health.json()) as { engine?: string }).engine
  }
  const running = async (name: string) => {
    const containers = await hosting.containers(name)
    expect(containers.every((one) => one.running)).toBe(true)
    return containers.length
  }
  const explanation = (description: unknown) => /container engine[^"]*/.exec(JSON.stringify(description))?.[0]

  it('in mid-pull and before an update, a creation and a deletion: what runs serves on, the wait is explained, all comes about', async () => {
    engine.resume()
    const [serving, leaving, pulling, coming] = [fresh('serving'), fresh('leaving'), fresh('pulling'), fresh('coming')]
    await hosting.deploy(serving, who('old'))
    await hosting.deploy(leaving)
    const hung = pull.strikeAfter(chance.between(MIB, 25 * MIB), () => engine.pause())
    await hosting.create(pulling, { image: pull.image })
    await hung()

    const load = constantLoad(hosting.api, serving)
    await load.answered(20, 'old')
    await hosting.update(serving, `${serving}-next`, {}, who('new'))
    await hosting.create(coming)
    await hosting.api.sagemaker('DeleteEndpoint', { EndpointName: leaving })
    expect((await hosting.api.invoke(serving, { commands: 'stdout=in the meantime' })).status).toBe(200)
    await eventually(async () => expect(await engineHealth()).toBe('away'), 30_000)
    for (const name of [pulling, coming, serving])
      await eventually(
        async () => expect(explanation(await hosting.describe(name))).toMatch(/did not answer|hung/),
        20_000,
      )
    // Every call has its time, the pull under way as well as what is asked for only now.
    await eventually(() => expect(output()).toContain('instances are left as they are until it does'), 60_000)
    expect(await hosting.describe(serving)).toMatchObject({ EndpointStatus: 'Updating' })
    for (const name of [pulling, coming])
      expect(await hosting.describe(name)).toMatchObject({ EndpointStatus: 'Creating' })
    await load.answered(20, 'old')

    engine.resume()
    expect(await hosting.atRest(serving, 90_000)).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: `${serving}-next`,
    })
    await load.answered(20, 'new')
    await load.stop()
    for (const name of [pulling, coming]) {
      const { EndpointStatus, FailureReason } = await hosting.settled(name, 90_000)
      expect([EndpointStatus, FailureReason]).toEqual(['InService', undefined])
    }
    await eventually(() => expect(hosting.describe(leaving)).rejects.toThrow('Could not find endpoint'), 60_000)
    await eventually(async () => {
      const counts = await Promise.all([serving, pulling, coming, leaving].map(running))
      expect(counts).toEqual([2, 1, 1, 0])
      expect(await engineHealth()).toBe('ok')
    }, 60_000)
    expect(explanation(await hosting.describe(serving))).toBeUndefined()
    expect((await hosting.printed(serving)).filter((line) => line === 'in the meantime')).toHaveLength(1)
    await Promise.all([serving, pulling, coming].map((name) => hosting.remove(name)))
    for (const name of [serving, pulling, coming]) expect(await hosting.containers(name)).toEqual([])
  }, 300_000)

  it('while the server starts: it serves what runs, and goes on when the engine does', async () => {
    engine.resume()
    const [there, coming] = [fresh('there'), fresh('coming')]
    await hosting.deploy(there, { instances: 2 })
    const before = (await hosting.containers(there)).map(({ id }) => id)
    engine.pause()
    await hosting.restart('SIGKILL')
    expect(output()).toMatch(/Endpoints wait: The container engine at \S+ did not answer/)
    for (let request = 0; request < 10; request++) expect((await hosting.api.invoke(there)).status).toBe(200)
    await hosting.create(coming)
    engine.resume()
    expect((await hosting.settled(coming, 60_000)).EndpointStatus).toBe('InService')
    expect((await hosting.containers(there)).map(({ id }) => id)).toEqual(before)
    expect((await hosting.api.invoke(there)).status).toBe(200)
    await Promise.all([hosting.remove(there), hosting.remove(coming)])
    expect(await hosting.containers(coming)).toEqual([])
  }, 120_000)
})
