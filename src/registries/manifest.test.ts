import { describe, expect, it } from 'vitest'
import { choosePlatform, describePlatforms, imageArchitecture, parseConfiguration, parseManifest } from './manifest.ts'

const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json'
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json'
const OCI = 'application/vnd.oci.image.manifest.v1+json'
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
const digest = (character: string) => `sha256:${character.repeat(64)}`
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))

const image = {
  schemaVersion: 2,
  mediaType: DOCKER,
  config: { mediaType: 'application/vnd.docker.container.image.v1+json', digest: digest('a'), size: 10 },
  layers: [{ mediaType: 'x', digest: digest('b'), size: 100 }],
}

const entry = (character: string, os: string, architecture: string, variant?: string) => ({
  mediaType: OCI,
  digest: digest(character),
  size: 1,
  platform: { os, architecture, ...(variant && { variant }) },
})

describe('parseManifest', () => {
  it('reads an image of either kind, whatever stands behind the type', () => {
    expect(parseManifest(bytes(image), `${DOCKER}; charset=utf-8`)).toEqual({
      kind: 'image',
      mediaType: DOCKER,
      config: { digest: digest('a'), size: 10 },
      size: 110,
    })
    const oci = {
      ...image,
      mediaType: undefined,
      config: { ...image.config, mediaType: 'application/vnd.oci.image.config.v1+json' },
    }
    expect(parseManifest(bytes(oci), OCI)).toMatchObject({ kind: 'image', mediaType: OCI })
  })

  it('takes the type from the body when the header says nothing', () => {
    for (const vague of [undefined, 'application/json', 'text/plain; charset=utf-8']) {
      expect(parseManifest(bytes(image), vague)).toMatchObject({ kind: 'image' })
    }
  })

  it('refuses a body that contradicts the header or could be read two ways', () => {
    expect(parseManifest(bytes(image), OCI)).toBeUndefined()
    expect(parseManifest(bytes({ ...image, manifests: [] }), DOCKER)).toBeUndefined()
    expect(parseManifest(bytes({ mediaType: OCI_INDEX, manifests: [], layers: [] }), OCI_INDEX)).toBeUndefined()
  })

  it('names what it does not support', () => {
    const old = { schemaVersion: 1, name: 'x' }
    expect(parseManifest(bytes(old), 'application/vnd.docker.distribution.manifest.v1+prettyjws')).toEqual({
      kind: 'unsupported',
      mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    })
    const chart = { ...image, config: { ...image.config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }
    expect(parseManifest(bytes(chart), DOCKER)).toMatchObject({ kind: 'unsupported' })
  })

  it.each([
    ['no JSON', Buffer.from('<html>')],
    ['null', bytes(null)],
    ['a list', bytes([])],
    ['no config', bytes({ ...image, config: undefined })],
    ['a config that is no digest', bytes({ ...image, config: { ...image.config, digest: '../../etc' } })],
    ['a negative size', bytes({ ...image, layers: [{ digest: digest('b'), size: -1 }] })],
    ['layers that are no list', bytes({ ...image, layers: {} })],
    ['text that is not UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')])],
  ])('does not read %s', (_what, body) => {
    const manifest = parseManifest(body, DOCKER)
    expect(manifest === undefined || manifest.kind === 'unsupported').toBe(true)
    expect(manifest?.kind).not.toBe('image')
  })
})

describe('choosePlatform', () => {
  const read = (manifests: unknown[], type = OCI_INDEX) => {
    const index = parseManifest(bytes({ schemaVersion: 2, manifests }), type)
    return index?.kind === 'index' ? index : expect.fail('no index')
  }
  const linux = { os: 'linux', architecture: 'amd64' }

  it('takes the entry of the platform and never an attestation', () => {
    const index = read([
      entry('1', 'unknown', 'unknown'),
      entry('2', 'linux', 'arm64', 'v8'),
      entry('3', 'windows', 'amd64'),
      entry('4', 'linux', 'amd64'),
    ])
    expect(choosePlatform(index, linux)?.digest).toBe(digest('4'))
    expect(choosePlatform(index, { os: 'linux', architecture: 'arm64' })?.digest).toBe(digest('2'))
    expect(choosePlatform(index, { os: 'linux', architecture: 's390x' })).toBeUndefined()
    expect(describePlatforms(index)).toBe('linux/arm64, windows/amd64, linux/amd64')
  })

  it('takes the most general variant', () => {
    const index = read([entry('1', 'linux', 'amd64', 'v3'), entry('2', 'linux', 'amd64')], DOCKER_LIST)
    expect(choosePlatform(index, linux)?.digest).toBe(digest('2'))
    expect(choosePlatform(read([entry('1', 'linux', 'amd64', 'v3')]), linux)?.digest).toBe(digest('1'))
  })

  it('finds nothing in an index without platforms', () => {
    const index = read([{ mediaType: OCI, digest: digest('1'), size: 1 }])
    expect(choosePlatform(index, linux)).toBeUndefined()
    expect(describePlatforms(index)).toBe('none')
  })
})

describe('parseConfiguration', () => {
  it('reads labels, and none', () => {
    const config = { os: 'linux', architecture: 'amd64', config: { Labels: { a: 'b' } } }
    expect(parseConfiguration(bytes(config))).toEqual({ os: 'linux', architecture: 'amd64', labels: { a: 'b' } })
    expect(parseConfiguration(bytes({ architecture: 'arm64', config: { Labels: null } }))).toMatchObject({ labels: {} })
    expect(parseConfiguration(bytes({ architecture: 'arm64' }))).toMatchObject({ os: 'linux', labels: {} })
  })

  it('reads nothing else', () => {
    expect(parseConfiguration(Buffer.from('not json'))).toBeUndefined()
    expect(parseConfiguration(bytes({ config: { Labels: { a: 1 } } }))).toBeUndefined()
  })
})

it('translates the architectures of engines', () => {
  expect(['x86_64', 'aarch64', 'amd64', 's390x'].map(imageArchitecture)).toEqual(['amd64', 'arm64', 'amd64', 's390x'])
})
