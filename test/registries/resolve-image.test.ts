import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeImage, type Image } from '../../scripts/images/image.ts'
import { buildLayer } from '../../scripts/images/layer.ts'
import { pushImage } from '../../scripts/images/push-image.ts'
import { createRegistryClient, type RegistryClient, type ResolveOptions } from '../../src/registries/registry-client.ts'
import { RegistryError, type RegistryErrorReason } from '../../src/registries/registry-error.ts'
import { freePort } from '../support/ports.ts'
import { type Registry, type RegistryOptions, startRegistry } from '../support/registry.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const LABELS = { 'com.amazonaws.sagemaker.capabilities.multi-models': 'true', owner: 'team' }
const platform = { os: 'linux', architecture: 'amd64' }
const signal = new AbortController().signal

let directory: TemporaryDirectory
let image: Image
let armImage: Image

beforeAll(async () => {
  directory = await temporaryDirectory()
  const root = join(directory.path, 'root')
  await mkdir(root)
  await writeFile(join(root, 'hello'), 'hello')
  const layer = await buildLayer(root, join(directory.path, 'layer.tar.gz'))
  image = composeImage([layer], { entrypoint: ['/hello'], labels: LABELS })
  armImage = composeImage([layer], { entrypoint: ['/hello'], architecture: 'arm64' })
})

afterAll(() => directory.remove())

const cases: [string, RegistryOptions][] = [
  ['without a login', { auth: 'none' }],
  ['with Basic', { auth: 'basic' }],
  ['with Bearer', { auth: 'bearer' }],
  ['with a private authority and Basic', { auth: 'basic', tls: 'private-ca' }],
  ['with a private authority and Bearer', { auth: 'bearer', tls: 'private-ca' }],
]

describe.each(cases)('a registry %s', (_name, options) => {
  let registry: Registry
  let client: RegistryClient

  beforeAll(async () => {
    registry = await startRegistry(options)
    const { url, credentials, ca } = registry
    const target = { url, ...(credentials && { credentials }), ...(ca && { ca }) }
    await pushImage(image, { ...target, repository: 'team/model', tag: '1' })
    await pushImage(armImage, { ...target, repository: 'team/model', tag: 'arm' })
    await pushImage(image, { ...target, repository: 'public/model', tag: '1' })
    client = createRegistryClient(ca === undefined ? {} : { hosts: { [registry.host]: { extraCa: ca } } })
  })

  afterAll(async () => {
    await client?.close()
    await registry?.stop()
  })

  const resolve = (name: string, more: Partial<ResolveOptions> = {}) =>
    client.resolveImage(`${registry.host}/${name}`, { platform, signal, credentials: registry.credentials, ...more })

  const failure = async (name: string, more: Partial<ResolveOptions> = {}): Promise<RegistryError> => {
    const error = await resolve(name, more).then(
      () => expect.fail(`${name} was resolved`),
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(RegistryError)
    if (registry.credentials !== undefined) {
      expect(JSON.stringify([error, (error as Error).message, String((error as Error).stack)])).not.toContain(
        registry.credentials.password,
      )
    }
    return error as RegistryError
  }

  const pinned = () => ({
    reference: `${registry.host}/team/model@${image.digest}`,
    digest: image.digest,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    platform,
    labels: LABELS,
    size: image.config.length + (image.layers[0]?.size ?? 0),
  })

  it('resolves a tag to the digest of its manifest', async () => {
    expect(await resolve('team/model:1')).toEqual(pinned())
  })

  it('resolves a digest to itself, whatever the tag beside it', async () => {
    expect(await resolve(`team/model@${image.digest}`)).toEqual(pinned())
    expect(await resolve(`team/model:arm@${image.digest}`)).toEqual(pinned())
  })

  it("understands the engine's names of architectures", async () => {
    const resolved = await resolve('team/model:arm', { platform: { os: 'linux', architecture: 'aarch64' } })
    expect(resolved.digest).toBe(armImage.digest)
  })

  it('tells an image for another machine', async () => {
    const error = await failure('team/model:arm')
    expect(error.reason).toBe('wrong-architecture')
    expect(error.message).toContain('linux/arm64')
  })

  it.each(['team/model:absent', `team/model@sha256:${'0'.repeat(64)}`])('tells that %s is not there', async (name) => {
    expect((await failure(name)).reason).toBe('not-found')
  })

  it('resolves for many at once', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => resolve('team/model:1')))
    expect(new Set(all.map(({ digest }) => digest))).toEqual(new Set([image.digest]))
  })

  if (options.auth !== 'none') {
    it('tells a wrong password, also after the right one has been accepted', async () => {
      await resolve('team/model:1')
      const credentials = { username: 'alice', password: 'not-this-one' }
      const error = await failure('team/model:1', { credentials })
      expect(error.reason).toBe('unauthorized')
      expect(error.message).not.toContain(credentials.password)
    })

    it('tells that a login is missing', async () => {
      const expected: RegistryErrorReason = 'unauthorized'
      expect((await failure('team/model:1', { credentials: undefined })).reason).toBe(expected)
    })
  }

  if (options.auth === 'bearer') {
    it('tells a login that may not pull the repository', async () => {
      expect((await failure('team/model:1', { credentials: registry.outsider })).reason).toBe('denied')
    })

    it('pulls without a login what is public', async () => {
      expect((await resolve('public/model:1', { credentials: undefined })).digest).toBe(image.digest)
    })

    it('asks for a token once while it lives, for each login its own', async () => {
      await resolve('team/model:1')
      const before = registry.tokenRequests().length
      await resolve('team/model:1')
      expect(registry.tokenRequests()).toHaveLength(before)
      await failure('team/model:1', { credentials: registry.outsider })
      expect(registry.tokenRequests().slice(before)).toMatchObject([
        { username: 'mallory', scopes: ['repository:team/model:pull'], status: 200 },
      ])
    })
  }

  if (options.tls !== undefined) {
    it('refuses the certificate of an authority that is not configured', async () => {
      const stranger = createRegistryClient()
      const request = stranger.resolveImage(`${registry.host}/team/model:1`, { platform, signal })
      await expect(request).rejects.toMatchObject({ reason: 'untrusted-certificate', host: registry.host })
      await stranger.close()
    })
  }
})

describe('no registry there', () => {
  const client = createRegistryClient({ connectMilliseconds: 500 })
  afterAll(() => client.close())
  const resolve = (name: string) => client.resolveImage(name, { platform, signal })

  it('tells a port where nobody listens', async () => {
    const host = `127.0.0.1:${await freePort()}`
    await expect(resolve(`${host}/team/model:1`)).rejects.toMatchObject({ reason: 'unreachable', host })
  })

  it('tells a host name that does not exist', async () => {
    await expect(resolve('registry.invalid/team/model:1')).rejects.toMatchObject({ reason: 'unknown-host' })
  })

  it.each(['169.254.169.254', '[fe80::1]', '0.0.0.0:5000', '[::ffff:169.254.169.254]'])(
    'never asks %s',
    async (host) => {
      await expect(resolve(`${host}/team/model:1`)).rejects.toMatchObject({ reason: 'forbidden-address' })
    },
  )

  it('refuses what is no reference', async () => {
    await expect(resolve('not an image')).rejects.toMatchObject({ reason: 'invalid-reference' })
  })
})
