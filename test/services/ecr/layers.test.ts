import { createHash, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { IDLE_MILLISECONDS } from '../../../src/services/ecr/layers/layer-store.ts'
import { sweep, sweepOrphans } from '../../../src/services/ecr/layers/sweep.ts'
import { testStores } from '../../support/databases.ts'
import { descriptor, startEcr, type TestEcr } from '../../support/ecr-service.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'

const MIB = 1024 * 1024
const signal = new AbortController().signal
const sha256 = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

describe.each(testStores)('layers on $dialect', ({ create }) => {
  let ecr: TestEcr
  beforeEach(async () => {
    ecr = await startEcr(await create())
    for (const repositoryName of ['rr', 'ss']) await ecr.call('CreateRepository', { repositoryName })
  })
  afterEach(() => ecr.stop())

  const availability = async (repositoryName: string, digest: string) =>
    (await ecr.call('BatchCheckLayerAvailability', { repositoryName, layerDigests: [digest] })).layers?.[0]

  /** Sweeps as often as it takes everything that is over by now to go. */
  const sweepAll = async () => {
    await sweep(ecr.deps, signal)
    ecr.now += 11 * 60_000
    await sweep(ecr.deps, signal)
  }

  test('are uploaded in parts through the API, checked, and read through a link', async () => {
    const bytes = randomBytes(6 * MIB)
    const digest = sha256(bytes)
    const { uploadId = '', partSize } = await ecr.call('InitiateLayerUpload', { repositoryName: 'rr' })
    expect(partSize).toBe(10 * MIB)
    const part = (first: number, last: number, blob: Uint8Array) =>
      ecr.call('UploadLayerPart', {
        repositoryName: 'rr',
        uploadId,
        partFirstByte: first,
        partLastByte: last,
        layerPartBlob: blob,
      })
    const complete = (...layerDigests: string[]) =>
      ecr.call('CompleteLayerUpload', { repositoryName: 'rr', uploadId, layerDigests })
    expect(await refused(complete(digest))).toMatchObject({ code: 'EmptyUploadException' })
    expect(await part(0, 5 * MIB - 1, bytes.subarray(0, 5 * MIB))).toMatchObject({ lastByteReceived: 5 * MIB - 1 })
    for (const [first, last, blob] of [
      [0, 3, bytes.subarray(0, 4)],
      [5 * MIB + 1, 5 * MIB + 2, bytes.subarray(0, 2)],
      [5 * MIB, 5 * MIB + 8, bytes.subarray(0, 2)],
      [5 * MIB, 5 * MIB - 1, new Uint8Array()],
    ] as const) {
      expect(await refused(part(first, last, blob))).toMatchObject({
        code: 'InvalidLayerPartException',
        members: { lastValidByteReceived: 5 * MIB - 1, uploadId },
      })
    }
    await part(5 * MIB, 6 * MIB - 1, bytes.subarray(5 * MIB))
    expect(await refused(complete(sha256(Buffer.from('other'))))).toMatchObject({ code: 'InvalidLayerException' })
    expect(await refused(complete('sha256:x'))).toMatchObject({ code: 'InvalidParameterException' })
    expect(await complete(digest)).toMatchObject({ layerDigest: digest })
    expect(await refused(complete(digest))).toMatchObject({ code: 'UploadNotFoundException' })
    expect(await availability('rr', digest)).toEqual({
      layerDigest: digest,
      layerAvailability: 'AVAILABLE',
      layerSize: 6 * MIB,
    })
    expect(await ecr.storedBlobs()).toBe(1)
    const { downloadUrl = '' } = await ecr.call('GetDownloadUrlForLayer', { repositoryName: 'rr', layerDigest: digest })
    const { pathname, search } = new URL(downloadUrl)
    const follow = (path: string, query: string) => ecr.registry('GET', path, { query, principal: 'nobody' })
    expect((await follow(pathname, search.slice(1))).status).toBe(200)
    for (const [path, query] of [
      [pathname, `${search.slice(1, -1)}`],
      [pathname.replace('/rr/', '/ss/'), search.slice(1)],
      [pathname, ''],
    ] as const)
      expect((await follow(path, query)).status).toBe(401)
    ecr.now += 61 * 60_000
    expect((await follow(pathname, search.slice(1))).status).toBe(401)
  })

  test('in small parts are refused by the API', async () => {
    const { uploadId = '' } = await ecr.call('InitiateLayerUpload', { repositoryName: 'rr' })
    for (const at of [0, 1]) {
      const layerPartBlob = Buffer.from(`${at}`)
      await ecr.call('UploadLayerPart', {
        repositoryName: 'rr',
        uploadId,
        partFirstByte: at,
        partLastByte: at,
        layerPartBlob,
      })
    }
    const layerDigests = [sha256(Buffer.from('01'))]
    expect(
      await refused(ecr.call('CompleteLayerUpload', { repositoryName: 'rr', uploadId, layerDigests })),
    ).toMatchObject({
      code: 'LayerPartTooSmallException',
    })
    expect(
      await refused(ecr.call('CompleteLayerUpload', { repositoryName: 'ss', uploadId, layerDigests })),
    ).toMatchObject({
      code: 'UploadNotFoundException',
    })
  })

  test('are known or not, and named well or not', async () => {
    const digest = await ecr.blob('rr', 'hello')
    const absent = sha256(Buffer.from('absent'))
    const layerDigests = [digest, absent, digest, 'md5:00', '']
    const { layers, failures } = await ecr.call('BatchCheckLayerAvailability', { repositoryName: 'rr', layerDigests })
    expect(layers?.map((layer) => layer.layerAvailability)).toEqual(['AVAILABLE', 'UNAVAILABLE'])
    expect(failures?.map((failure) => failure.failureCode)).toEqual(['InvalidLayerDigest', 'InvalidLayerDigest'])
    const link = ecr.call('GetDownloadUrlForLayer', { repositoryName: 'rr', layerDigest: absent })
    expect(await refused(link)).toMatchObject({ code: 'LayersNotFoundException' })
  })

  test('of one digest are kept once, however many push them at once', async () => {
    const bytes = randomBytes(300_000).toString('hex')
    const [digest] = await Promise.all(['rr', 'rr', 'ss', 'ss', 'rr'].map((name) => ecr.blob(name, bytes)))
    expect(await ecr.storedBlobs()).toBe(1)
    for (const name of ['rr', 'ss']) {
      const reply = await ecr.registry('GET', `${name}/blobs/${digest}`)
      expect(reply.text === bytes).toBe(true)
    }
  })

  test('are freed once no repository holds them', async () => {
    const digest = await ecr.image('rr', 'v1', ['shared'])
    await ecr.image('ss', 'v1', ['shared', 'own'])
    expect(await ecr.storedBlobs()).toBe(3)
    await ecr.call('DeleteRepository', { repositoryName: 'ss', force: true })
    await sweepAll()
    expect(await ecr.storedBlobs()).toBe(2)
    await ecr.call('BatchDeleteImage', { repositoryName: 'rr', imageIds: [{ imageDigest: digest }] })
    await sweepAll()
    expect(await availability('rr', descriptor('shared').digest)).toMatchObject({ layerAvailability: 'AVAILABLE' })
    ecr.now += IDLE_MILLISECONDS
    await sweepAll()
    expect(await availability('rr', descriptor('shared').digest)).toMatchObject({ layerAvailability: 'UNAVAILABLE' })
    expect(await ecr.storedBlobs()).toBe(0)
  })

  test('of an image stay, and so do those that a pusher has just asked for', async () => {
    await ecr.image('rr', 'v1', ['used'])
    const asked = await ecr.blob('rr', 'asked')
    const idle = await ecr.blob('rr', 'idle')
    ecr.now += IDLE_MILLISECONDS - 1000
    expect((await ecr.registry('HEAD', `rr/blobs/${asked}`)).status).toBe(200)
    ecr.now += 2000
    await sweepAll()
    const found = async (digest: string) => (await ecr.registry('HEAD', `rr/blobs/${digest}`)).status
    expect([await found(descriptor('used').digest), await found(asked), await found(idle)]).toEqual([200, 200, 404])
    expect(await ecr.storedBlobs()).toBe(3)
  })

  test('that are pushed again while they wait to be freed stay', async () => {
    const digest = await ecr.blob('rr', 'again')
    expect((await ecr.registry('DELETE', `rr/blobs/${digest}`)).status).toBe(202)
    await ecr.blob('ss', 'again')
    await sweepAll()
    expect((await ecr.registry('GET', `ss/blobs/${digest}`)).text).toBe('again')
    expect((await ecr.registry('GET', `rr/blobs/${digest}`)).code).toBe('BLOB_UNKNOWN')
  })

  test('whose upload stands still are forgotten, with their bytes', async () => {
    const { headers } = await ecr.registry('POST', 'rr/blobs/uploads/')
    await ecr.registry('PATCH', headers.Location ?? '', { body: 'some' })
    expect(await ecr.storedBlobs()).toBe(1)
    await sweepAll()
    expect((await ecr.registry('GET', headers.Location ?? '')).headers.Range).toBe('0-3')
    ecr.now += IDLE_MILLISECONDS
    await sweepAll()
    expect((await ecr.registry('GET', headers.Location ?? '')).code).toBe('BLOB_UPLOAD_UNKNOWN')
    expect(await ecr.storedBlobs()).toBe(0)
  })

  test('that a killed server left without a row are orphans; what has a row is none', async () => {
    const upload = (await ecr.registry('POST', 'rr/blobs/uploads/')).headers.Location ?? ''
    await ecr.registry('PATCH', upload, { body: 'part' })
    await ecr.blob('rr', 'held')
    await ecr.deps.blobs.write([Buffer.from('lost')] as unknown as AsyncIterable<Uint8Array>, { digests: [] })
    expect(await ecr.storedBlobs()).toBe(3)
    const clock = { now: () => Date.now() + 25 * 60 * 60_000 }
    expect(await sweepOrphans({ ...ecr.deps, clock }, signal)).toBe(1)
    expect(await ecr.storedBlobs()).toBe(2)
  })

  test('move between repositories that the caller may read, and only then', async () => {
    const digest = await ecr.blob('rr', 'layer')
    const mount = async (from: string, principal = accountRoot(ACCOUNT), to = 'ss') =>
      (
        await ecr.registry('POST', `${to}/blobs/uploads/`, {
          query: `mount=${digest}&from=${encodeURIComponent(from)}`,
          principal,
        })
      ).status
    const rr = `${ACCOUNT}/us-east-1/rr`
    expect(await mount(`${ACCOUNT}/us-east-1/none`)).toBe(202)
    expect(await mount('rr')).toBe(202)
    expect(await mount(rr)).toBe(201)
    expect((await ecr.registry('GET', `ss/blobs/${digest}`)).text).toBe('layer')
    const other = accountRoot(OTHER_ACCOUNT)
    await ecr.call('CreateRepository', { repositoryName: 'tt' }, { principal: other })
    expect(await mount(rr, other, `/v2/${OTHER_ACCOUNT}/us-east-1/tt`)).toBe(202)
    expect(await mount(rr, other)).toBe(403)
    expect(await ecr.storedBlobs()).toBe(1)
  })
})
