import { open, rm, symlink } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultChance } from '../support/chance.ts'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { type ModelArchives, modelArchives, newestObject } from '../support/model-archives.ts'
import { lacksEngine } from '../support/shared-engine.ts'

const MIB = 1024 * 1024

describe.skipIf(lacksEngine('docker'))('a model that cannot be read', () => {
  const chance = faultChance('unreadable models')
  let hosting: HostingFixture
  let models: ModelArchives
  let tries = 0
  beforeAll(async () => {
    hosting = await startHosting('docker')
    models = await modelArchives(hosting.api, 'sagemaker-unreadable')
  })
  afterAll(async () => {
    await hosting?.stop()
    await models?.remove()
  })

  /** Puts a model and does something to its file; resolves to its URL. */
  async function harmed(name: string, harm: (file: string) => Promise<void>): Promise<string> {
    const url = await models.put(name, 4 * MIB)
    await harm(await newestObject(hosting.slipway.dataDir, 4 * MIB))
    return url
  }
  const damage = async (file: string) => {
    const handle = await open(file, 'r+')
    const at = chance.between(0, 4 * MIB - 1)
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at)
    await handle.write(Buffer.from([(buffer[0] as number) ^ 0x10]), 0, 1, at)
    await handle.close()
  }
  const deletion = (file: string) => rm(file)
  /** Of its own memory a process can read nothing at address 0: that is EIO, as of a broken disk. */
  const ioError = async (file: string) => {
    await rm(file)
    await symlink('/proc/self/mem', file)
  }

  it.each([
    ['damaged', damage, 'What is stored of the object is damaged: upload it again.'],
    ['gone', deletion, 'What is stored of the object is gone: upload it again.'],
    ['on a broken disk', ioError, 'The object store could not be read (EIO).'],
  ])('%s: the endpoint is Failed and says so, and nothing is left of it', async (_what, harm, sentence) => {
    const name = `unreadable-${++tries}`
    const url = await harmed(name, harm)
    await hosting.create(name, { container: { ModelDataUrl: url } })
    expect(await hosting.settled(name, 60_000)).toMatchObject({
      EndpointStatus: 'Failed',
      FailureReason: `Failed to download model data for container "container_1" from URL: "${url}". ${sentence}`,
    })
    await eventually(async () => expect(await hosting.containers(name)).toEqual([]))
    await hosting.remove(name)
  })

  it('does not replace one that can: the update turns back, and the old fleet serves', async () => {
    const name = `updated-${++tries}`
    await hosting.deploy(name, { name: 'v', container: { ModelDataUrl: await models.put(name, MIB) } })
    const before = (await hosting.containers(name)).map(({ id }) => id)
    const url = await harmed(`${name}-next`, damage)
    await hosting.update(name, `${name}-next`, {}, { name: 'v', container: { ModelDataUrl: url } })
    expect(await hosting.atRest(name)).toMatchObject({
      EndpointStatus: 'InService',
      EndpointConfigName: name,
      FailureReason: expect.stringContaining('is damaged'),
    })
    expect((await hosting.containers(name)).map(({ id }) => id)).toEqual(before)
    expect(await hosting.api.invoke(name, { commands: 'file=/opt/ml/model/name' })).toMatchObject({
      status: 200,
      body: name,
    })
    await hosting.remove(name)
  })
})
