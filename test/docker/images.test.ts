import { mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDockerArchive } from '../../scripts/images/docker-archive.ts'
import { composeImage } from '../../scripts/images/image.ts'
import { buildLayer } from '../../scripts/images/layer.ts'
import { pushImage } from '../../scripts/images/push-image.ts'
import { connectDocker } from '../../src/runtime/docker/connect-docker.ts'
import { silentLogger } from '../../src/telemetry/log.ts'
import { startRegistry } from '../support/registry.ts'
import { ENGINES, lacksEngine, sharedEngine } from '../support/shared-engine.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

describe('building images', () => {
  let directory: TemporaryDirectory
  beforeAll(async () => {
    directory = await temporaryDirectory()
  })
  afterAll(() => directory.remove())

  async function tree(name: string): Promise<string> {
    const root = join(directory.path, name)
    await mkdir(join(root, 'etc'), { recursive: true })
    await writeFile(join(root, 'etc/name'), 'value')
    await writeFile(join(root, 'etc/long-'.padEnd(180, 'x')), 'long')
    await symlink('name', join(root, 'etc/link'))
    return root
  }

  it('gives equal content equal digests', async () => {
    const [one, two] = [await tree('one'), await tree('two')]
    await utimes(join(two, 'etc/name'), 1, 1)
    const first = await buildLayer(one, join(directory.path, 'one.tar.gz'))
    const second = await buildLayer(two, join(directory.path, 'two.tar.gz'))
    expect({ ...second, file: '' }).toEqual({ ...first, file: '' })
    expect(composeImage([second], {}).digest).toBe(composeImage([first], {}).digest)
    expect(composeImage([second], { labels: { a: 'b' } }).digest).not.toBe(composeImage([first], {}).digest)
  })

  it('says whom a registry has refused', async () => {
    const registry = await startRegistry({ auth: 'basic' })
    try {
      const layer = await buildLayer(await tree('refused'), join(directory.path, 'refused.tar.gz'))
      const target = { url: registry.url, repository: 'team/model' }
      await expect(pushImage(composeImage([layer], {}), target)).rejects.toThrow(/wants a user name/)
      const credentials = { username: 'alice', password: 'wrong-password' }
      const refused = pushImage(composeImage([layer], {}), { ...target, credentials })
      await expect(refused).rejects.toThrow(/answered 401/)
      await expect(refused).rejects.not.toThrow(/wrong-password/)
    } finally {
      await registry.stop()
    }
  })

  for (const kind of ENGINES) {
    it.skipIf(lacksEngine(kind))(`writes an archive that ${kind} loads`, async () => {
      const layer = await buildLayer(await tree(`archive-${kind}`), join(directory.path, `${kind}.tar.gz`))
      const image = composeImage([layer], { labels: { loaded: kind }, entrypoint: ['/x'] })
      const file = join(directory.path, `${kind}.tar`)
      await writeDockerArchive(image, `slipway-test/${kind}:1`, file)
      const engine = await sharedEngine(kind)
      expect(await load(engine.socket, await readFile(file))).toBe(200)
      const signal = AbortSignal.timeout(30_000)
      const runtime = await connectDocker({ log: silentLogger, socket: engine.socket, signal })
      expect((await runtime.findImage(image.configDigest, signal))?.labels).toEqual({ loaded: kind })
      await runtime.close()
    })
  }
})

function load(socket: string, archive: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-tar' }
    const socketPath = socket.slice('unix://'.length)
    request({ socketPath, method: 'POST', path: '/v1.41/images/load', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
      .on('error', reject)
      .end(archive)
  })
}
