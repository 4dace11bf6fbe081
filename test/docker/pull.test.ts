import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushImage } from '../../scripts/images/push-image.ts'
import { RuntimeError } from '../../src/runtime/container-runtime.ts'
import { freePort } from '../support/ports.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { ENGINES, lacksEngine, trustRegistry } from '../support/shared-engine.ts'
import { buildTestImages } from '../support/test-image.ts'
import { type RuntimeFixture, soon, startRuntime } from './runtime-fixture.ts'

const ABSENT_DIGEST = `sha256:${'0'.repeat(64)}`

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`pulling on ${kind}`, () => {
    let fixture: RuntimeFixture
    const registries: Partial<Record<'none' | 'basic' | 'bearer', Registry>> = {}

    beforeAll(async () => {
      fixture = await startRuntime(kind)
      for (const auth of ['none', 'basic', 'bearer'] as const) registries[auth] = await startRegistry({ auth })
    })
    afterAll(async () => {
      await Promise.all(Object.values(registries).map((registry) => registry.stop()))
      await fixture?.stop()
    })

    const push = (registry: Registry, label: string, repository = 'team/model') =>
      pushImage(fixture.images.image({ labels: { label } }), {
        url: registry.url,
        repository,
        credentials: registry.credentials,
        ca: registry.ca,
      })
    const pull = (reference: string, credentials?: { username: string; password: string }) =>
      fixture.runtime.pullImage({ reference, credentials }, soon())
    const failure = async (pulled: Promise<unknown>): Promise<RuntimeError> => {
      const error = await pulled.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(RuntimeError)
      return error as RuntimeError
    }

    it.each(['none', 'basic', 'bearer'] as const)('pulls from a registry with login: %s', async (auth) => {
      const registry = registries[auth]!
      const reference = await push(registry, `pulled-${auth}`)
      expect(await fixture.runtime.findImage(reference, soon())).toBeUndefined()
      const image = await pull(reference, registry.credentials)
      expect(image.repoDigests).toContain(reference)
      expect(image.labels).toEqual({ label: `pulled-${auth}` })
      expect(image.architecture).toBe('amd64')
      expect(image.sizeBytes).toBeGreaterThan(100_000)
      expect(await fixture.runtime.findImage(reference, soon())).toEqual(image)
      expect((await fixture.runtime.findImage(image.id, soon()))?.id).toBe(image.id)
    })

    it('pulls again what is there already', async () => {
      const reference = await push(registries.none!, 'twice')
      const first = await pull(reference)
      expect(await pull(reference)).toEqual(first)
    })

    it('pulls one image for several callers at once', async () => {
      const reference = await push(registries.none!, 'together')
      const images = await Promise.all(Array.from({ length: 5 }, () => pull(reference)))
      expect(new Set(images.map((image) => image.id)).size).toBe(1)
    })

    it('says which machine an image was made for', async () => {
      const image = fixture.images.image({ architecture: 'arm64' })
      const reference = await pushImage(image, { url: registries.none!.url, repository: 'team/arm' })
      expect((await pull(reference)).architecture).toBe('arm64')
    })

    it.each(['basic', 'bearer'] as const)('is refused with a wrong password: %s', async (auth) => {
      const reference = await push(registries[auth]!, 'wrong-password')
      const error = await failure(pull(reference, { username: 'alice', password: 'not-the-password' }))
      expect(error.reason).toBe('unauthorized')
      expect(error.message).not.toContain('not-the-password')
    })

    it.each(['basic', 'bearer'] as const)('is refused without credentials: %s', async (auth) => {
      const reference = await push(registries[auth]!, 'anonymous')
      expect((await failure(pull(reference))).reason).toBe('unauthorized')
    })

    it('is refused what the account has no right to, but not what is public', async () => {
      const registry = registries.bearer!
      const closed = await push(registry, 'closed')
      expect((await failure(pull(closed, registry.outsider))).reason).toBe('unauthorized')
      const open = await push(registry, 'open', 'public/model')
      expect((await pull(open)).labels).toEqual({ label: 'open' })
    })

    it('does not find a digest or a repository that is not there', async () => {
      const { host } = registries.none!
      await push(registries.none!, 'present')
      expect((await failure(pull(`${host}/team/model@${ABSENT_DIGEST}`))).reason).toBe('not-found')
      expect((await failure(pull(`${host}/team/absent@${ABSENT_DIGEST}`))).reason).toBe('not-found')
      expect(await fixture.runtime.findImage(`${host}/team/model@${ABSENT_DIGEST}`, soon())).toBeUndefined()
    })

    it('says at once that nobody listens', async () => {
      const started = performance.now()
      const error = await failure(pull(`127.0.0.1:${await freePort()}/team/model@${ABSENT_DIGEST}`))
      expect(error.reason).toBe('registry-unreachable')
      expect(performance.now() - started).toBeLessThan(2_500)
    })

    it('says that a name does not exist', async () => {
      const error = await failure(pull(`registry.invalid:5000/team/model@${ABSENT_DIGEST}`))
      expect(error.reason).toBe('registry-unreachable')
    })

    it('says within seconds that an address is dead', async () => {
      const address = await neighbour(fixture, 250)
      const started = performance.now()
      const error = await failure(pull(`${address}:5000/team/model@${ABSENT_DIGEST}`))
      expect(error.reason).toBe('registry-unreachable')
      expect(performance.now() - started).toBeLessThan(10_000)
    })

    it('refuses a certificate that nobody vouches for, and takes it once its authority is trusted', async () => {
      // Engines do not check certificates on loopback; the address of a container bridge is one they check.
      const registry = await startRegistry({ auth: 'bearer', tls: 'private-ca', address: await neighbour(fixture, 1) })
      try {
        const reference = await push(registry, 'private-ca')
        expect((await failure(pull(reference, registry.credentials))).reason).toBe('untrusted-certificate')
        const distrust = await trustRegistry(registry.host, registry.ca!)
        try {
          expect((await pull(reference, registry.credentials)).labels).toEqual({ label: 'private-ca' })
        } finally {
          await distrust()
        }
      } finally {
        await registry.stop()
      }
    })

    it.each(['damaged', 'missing'] as const)('reports a %s layer', async (fault) => {
      const registry = await startRegistry({ auth: 'none' })
      try {
        // Another layer than that of the image which the engine has already.
        const images = await buildTestImages(`${fault} ${registry.host}`)
        const image = images.image()
        const reference = await pushImage(image, { url: registry.url, repository: 'team/model' })
        const [layer] = image.layers
        const hex = layer!.digest.slice('sha256:'.length)
        const blobs = join(registry.storageDirectory, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex)
        expect(await readdir(blobs)).toEqual(['data'])
        if (fault === 'damaged') await writeFile(join(blobs, 'data'), Buffer.alloc(layer!.size, 7))
        else await rm(join(blobs, 'data'))
        await images.remove()
        expect((await failure(pull(reference))).reason).toBe('corrupt-image')
        expect(await fixture.runtime.findImage(reference, soon())).toBeUndefined()
      } finally {
        await registry.stop()
      }
    })

    it.each([
      ['a tag', '127.0.0.1:5000/team/model:latest'],
      ['a path that climbs', '127.0.0.1:5000/../containers@sha256:'.padEnd(100, 'a')],
      ['a query', `127.0.0.1:5000/team/model?x@${ABSENT_DIGEST}`],
      ['nothing', ''],
    ])('refuses a reference that is none by digest: %s', async (_what, reference) => {
      expect((await failure(pull(reference))).reason).toBe('other')
    })

    it('ends when the caller gives up', async () => {
      const given = new AbortController()
      const address = await neighbour(fixture, 251)
      const pulling = fixture.runtime.pullImage({ reference: `${address}:5000/a/b@${ABSENT_DIGEST}` }, given.signal)
      given.abort(new Error('given up'))
      await expect(pulling).rejects.toThrow('given up')
    })
  })
}

/** An address beside a container: 1 is the bridge's own, the high ones are nobody's. */
async function neighbour(fixture: RuntimeFixture, host: number): Promise<string> {
  const [running] = (await fixture.runtime.listContainers({ purpose: 'neighbour' }, soon())).filter((c) => c.running)
  const { address = '' } = running ?? (await fixture.start({ labels: { purpose: 'neighbour' } }))
  return address.replace(/\.\d+:\d+$/, `.${host}`)
}
