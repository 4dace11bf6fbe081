import { readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultChance } from '../support/chance.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { largePull } from '../support/large-pull.ts'
import { type ModelArchives, modelArchives, newestObject } from '../support/model-archives.ts'
import { startRegistry } from '../support/registry.ts'
import { lacksEngine } from '../support/shared-engine.ts'
import { servingWorkers } from '../support/worker-pids.ts'

const MIB = 1024 * 1024

describe.skipIf(lacksEngine('docker'))('parts that are lost in the middle of their work', () => {
  const chance = faultChance('lost parts')
  let hosting: HostingFixture
  let models: ModelArchives
  let tries = 0
  beforeAll(async () => {
    hosting = await startHosting('docker', { workers: 2 })
    models = await modelArchives(hosting.api, 'sagemaker-faults')
  })
  afterAll(async () => {
    await hosting?.stop()
    await models?.remove()
  })

  const fresh = (name: string) => `${name}-${++tries}`
  const idsOf = async (name: string) => (await hosting.containers(name)).map(({ id }) => id)

  const putModel = (name: string, bytes: number) => models.put(name, bytes)
  const servesModel = async (name: string) =>
    expect((await hosting.api.invoke(name, { commands: 'file=/opt/ml/model/name' })).body).toBe(name)

  it('a container in mid-request: its caller is told, another takes its place', async () => {
    const name = fresh('struck')
    await hosting.deploy(name, { instances: 2 })
    for (let round = 1; round <= 3; round++) {
      const before = await idsOf(name)
      const victim = chance.pick(before)
      const asked = Array.from({ length: 8 }, () =>
        hosting.api.invoke(name, { commands: `stdout=${round};sleep=2500` }),
      )
      await eventually(async () =>
        expect((await hosting.printed(name)).filter((line) => line === String(round))).toHaveLength(8),
      )
      await hosting.kill(victim)
      const answers = await Promise.all(asked)
      // Both had some of them, by chance; those of the one that lives are answered.
      for (const { status, body } of answers)
        if (status !== 200) expect(`${status} ${body}`).toMatch(/^424 .*ModelError|^424 .*OriginalStatusCode/)
      await eventually(async () => {
        const now = await hosting.containers(name)
        expect(now.filter(({ running }) => running)).toHaveLength(2)
        expect(now.map(({ id }) => id)).not.toContain(victim)
        const [variant] = (await hosting.describe(name)).ProductionVariants ?? []
        expect(variant?.CurrentInstanceCount).toBe(2)
      }, 30_000)
      expect((await hosting.describe(name)).EndpointStatus).toBe('InService')
    }
    expect(hosting.slipway.process.output()).toMatch(/"detail":"[^"]*exit code 137[^"]*".*"msg":"instance failed"/)
    await hosting.remove(name)
    expect(await idsOf(name)).toEqual([])
  }, 120_000)

  it('a registry in mid-pull: the endpoint comes up when it is back', async () => {
    const pull = await largePull()
    const successor = await startRegistry({ auth: 'none' })
    await pull.push(successor.url)
    const cut = pull.strikeAfter(chance.between(2 * MIB, 20 * MIB), () => {
      pull.proxy.break()
      void pull.registry.stop()
    })
    const name = fresh('cut')
    try {
      await hosting.create(name, { image: pull.image })
      await cut()
      expect((await hosting.describe(name)).EndpointStatus).toBe('Creating')
      pull.proxy.mend(successor.host)
      const { EndpointStatus, FailureReason } = await hosting.settled(name, 90_000)
      expect([EndpointStatus, FailureReason]).toEqual(['InService', undefined])
      expect(await idsOf(name)).toHaveLength(1)
      await hosting.remove(name)
      expect(await idsOf(name)).toEqual([])
    } finally {
      await Promise.all([pull.stop(), successor.stop()])
    }
  }, 150_000)

  it.each(['a worker', 'the server'])(
    '%s that downloads a model: another goes on, and nothing is left over',
    async (who) => {
      const name = fresh('download')
      const url = await putModel(name, 80 * MIB)
      const partial = join(hosting.slipway.dataDir, 'models/partial')
      await hosting.create(name, { container: { ModelDataUrl: url } })
      const wanted = chance.between(1, 60) * MIB
      await eventually(async () => expect(await sizeOf(partial)).toBeGreaterThan(wanted), 20_000, 1)
      if (who === 'the server') await hosting.restart('SIGKILL')
      // Whichever of them it is: both are killed, one after the other.
      else
        for (const victim of servingWorkers(hosting.slipway)) {
          process.kill(victim, 'SIGKILL')
          await eventually(() => {
            const now = servingWorkers(hosting.slipway)
            expect(now).not.toContain(victim)
            expect(now).toHaveLength(2)
          }, 30_000)
        }
      const described = await eventually(async () => {
        const found = await hosting.describe(name)
        expect(found.EndpointStatus).not.toBe('Creating')
        return found
      }, 60_000)
      expect([described.EndpointStatus, described.FailureReason]).toEqual(['InService', undefined])
      await servesModel(name)
      expect(await idsOf(name)).toHaveLength(1)
      await eventually(async () => expect(await readdir(partial)).toEqual([]), 20_000)
      await hosting.remove(name)
    },
    120_000,
  )

  it('an object whose file has been cut short: the endpoint says so, and comes up from a whole one', async () => {
    const name = fresh('short')
    const url = await putModel(name, 8 * MIB)
    await truncate(await newestObject(hosting.slipway.dataDir, 8 * MIB), chance.between(1, 7 * MIB))
    await hosting.create(name, { container: { ModelDataUrl: url } })
    const { EndpointStatus, FailureReason } = await hosting.settled(name, 60_000)
    expect(EndpointStatus).toBe('Failed')
    expect(FailureReason).toContain(`from URL: "${url}"`)
    await eventually(async () => expect(await idsOf(name)).toEqual([]))
    await hosting.remove(name)
    const again = fresh('whole')
    await hosting.deploy(again, { container: { ModelDataUrl: await putModel(again, MIB) } })
    await servesModel(again)
    await hosting.remove(again)
  }, 120_000)
})

/** Bytes below a folder that others are writing to. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  let total = 0
  for (const entry of entries)
    if (entry.isFile())
      total += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      )
  return total
}
