import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf } from '../../../src/services/ecr/layers/digest-text.ts'
import { testStores } from '../../support/databases.ts'
import { descriptor, OCI_INDEX, OCI_MANIFEST, startEcr, type TestEcr } from '../../support/ecr-service.ts'
import { ACCOUNT, refused } from '../../support/s3-service.ts'

const NAMES = { registryId: ACCOUNT, repositoryName: 'rr' }
const DAY = 24 * 60 * 60 * 1000
const ABSENT = `sha256:${'0'.repeat(64)}`

describe.each(testStores)('images on $dialect', ({ create }) => {
  let ecr: TestEcr
  beforeEach(async () => {
    ecr = await startEcr(await create())
    await ecr.call('CreateRepository', { repositoryName: 'rr' })
  })
  afterEach(() => ecr.stop())

  const index = (digests: readonly { digest: string; size: number; architecture: string }[]) =>
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: digests.map(({ digest, size, architecture }) => ({
        mediaType: OCI_MANIFEST,
        digest,
        size,
        platform: { os: 'linux', architecture },
      })),
    })

  const pushIndex = async (tag: string) => {
    const digest = await ecr.image('rr', 'amd')
    const size = (await ecr.registry('GET', `rr/manifests/${digest}`)).text.length
    const body = index([{ digest, size, architecture: 'amd64' }])
    const reply = await ecr.registry('PUT', `rr/manifests/${tag}`, { headers: { 'content-type': OCI_INDEX }, body })
    expect(reply.status).toBe(201)
    return { child: digest, digest: reply.headers['Docker-Content-Digest'] as string }
  }

  test('are described with tags, sizes and times, whichever way they are named', async () => {
    const digest = await ecr.image('rr', 'v1', ['abc', 'de'])
    await ecr.image('rr', 'latest', ['abc', 'de'])
    const detail = {
      ...NAMES,
      imageDigest: digest,
      imageTags: ['latest', 'v1'],
      imageSizeInBytes: 37 + 5,
      imagePushedAt: ecr.now,
      imageManifestMediaType: OCI_MANIFEST,
      artifactMediaType: 'application/vnd.oci.image.config.v1+json',
      imageStatus: 'ACTIVE',
    }
    const describeBy = async (imageIds?: object[]) =>
      (await ecr.call('DescribeImages', { repositoryName: 'rr', ...(imageIds && { imageIds }) })).imageDetails
    expect(await describeBy()).toEqual([detail])
    expect(await describeBy([{ imageTag: 'v1' }, { imageDigest: digest }])).toEqual([detail])
    const missing = ecr.call('DescribeImages', { repositoryName: 'rr', imageIds: [{ imageTag: 'v2' }] })
    expect(await refused(missing)).toMatchObject({
      code: 'ImageNotFoundException',
      message: `The image with imageId {imageDigest:'null', imageTag:'v2'} does not exist within the repository with name 'rr' in the registry with id '${ACCOUNT}'`,
    })
    ecr.now += 1000
    await ecr.registry('GET', 'rr/manifests/v1')
    expect(await describeBy()).toMatchObject([{ lastRecordedPullTime: ecr.now }])
    ecr.now += DAY / 2
    await ecr.registry('GET', 'rr/manifests/v1')
    expect(await describeBy()).toMatchObject([{ lastRecordedPullTime: ecr.now - DAY / 2 }])
  })

  test('are listed in pages, by tag and without', async () => {
    for (const tag of ['a', 'b', 'c']) await ecr.image('rr', tag, [tag])
    await ecr.image('rr', 'also-a', ['a'])
    await ecr.image('rr', 'c', ['d'])
    const list = async (filter?: { tagStatus: 'TAGGED' | 'UNTAGGED' }) => {
      const tags: (string | undefined)[] = []
      let nextToken: string | undefined
      do {
        const input = {
          repositoryName: 'rr',
          maxResults: 2,
          ...(filter && { filter }),
          ...(nextToken && { nextToken }),
        }
        const page = await ecr.call('ListImages', input)
        tags.push(...(page.imageIds ?? []).map((id) => id.imageTag))
        nextToken = page.nextToken
      } while (nextToken !== undefined)
      return tags.sort()
    }
    expect(await list()).toEqual(['a', 'also-a', 'b', 'c', undefined])
    expect(await list({ tagStatus: 'TAGGED' })).toEqual(['a', 'also-a', 'b', 'c'])
    expect(await list({ tagStatus: 'UNTAGGED' })).toEqual([undefined])
    const describeAll = async (tagStatus: 'TAGGED' | 'UNTAGGED' | 'ANY') =>
      (await ecr.call('DescribeImages', { repositoryName: 'rr', filter: { tagStatus } })).imageDetails?.length
    expect([await describeAll('ANY'), await describeAll('TAGGED'), await describeAll('UNTAGGED')]).toEqual([4, 3, 1])
  })

  test('are put and got through the API', async () => {
    await ecr.image('rr', 'v1')
    const { images = [], failures } = await ecr.call('BatchGetImage', {
      repositoryName: 'rr',
      imageIds: [
        { imageTag: 'v1' },
        { imageTag: 'none' },
        {},
        { imageDigest: 'nonsense' },
        { imageTag: '-' },
        { imageTag: 'v1', imageDigest: ABSENT },
      ],
    })
    expect(failures?.map((failure) => failure.failureCode)).toEqual([
      'ImageNotFound',
      'MissingDigestAndTag',
      'InvalidImageDigest',
      'InvalidImageTag',
      'ImageTagDoesNotMatchDigest',
    ])
    const { imageManifest = '', imageId } = images[0] ?? {}
    expect(images).toEqual([{ ...NAMES, imageId, imageManifest, imageManifestMediaType: OCI_MANIFEST }])
    const put = (input: object) => ecr.call('PutImage', { repositoryName: 'rr', imageManifest, ...input })
    expect(await put({ imageTag: 'v2' })).toEqual({
      image: { ...NAMES, imageId: { ...imageId, imageTag: 'v2' }, imageManifest, imageManifestMediaType: OCI_MANIFEST },
    })
    expect(await refused(put({ imageTag: 'v2' }))).toMatchObject({ code: 'ImageAlreadyExistsException' })
    expect(await refused(put({}))).toMatchObject({ code: 'ImageAlreadyExistsException' })
    expect(await refused(put({ imageTag: 'x', imageDigest: ABSENT }))).toMatchObject({
      code: 'ImageDigestDoesNotMatchException',
    })
    const other = imageManifest.replace(descriptor('layer').digest, ABSENT)
    expect(await refused(put({ imageManifest: other, imageTag: 'x' }))).toMatchObject({
      code: 'LayersNotFoundException',
      message: expect.stringContaining(ABSENT),
    })
    expect((await ecr.call('ListImages', { repositoryName: 'rr' })).imageIds).toHaveLength(2)
  })

  test('are deleted by digest with all their tags, by tag with their last one', async () => {
    const digest = await ecr.image('rr', 'a')
    await ecr.image('rr', 'b')
    const remove = (...imageIds: object[]) => ecr.call('BatchDeleteImage', { repositoryName: 'rr', imageIds })
    expect(await remove({ imageTag: 'a' }, { imageTag: 'a' })).toEqual({
      imageIds: [{ imageDigest: digest, imageTag: 'a' }],
      failures: [],
    })
    expect(await remove({ imageTag: 'b' })).toEqual({
      imageIds: [{ imageDigest: digest, imageTag: 'b' }],
      failures: [],
    })
    expect((await ecr.call('ListImages', { repositoryName: 'rr' })).imageIds).toEqual([])
    for (const tag of ['a', 'b']) await ecr.image('rr', tag)
    expect((await remove({ imageDigest: digest })).imageIds).toHaveLength(2)
    expect((await remove({ imageDigest: digest })).failures).toMatchObject([{ failureCode: 'ImageNotFound' }])
  })

  test('of an index stay as long as it does', async () => {
    const { child, digest } = await pushIndex('multi')
    const remove = async (imageDigest: string) =>
      (await ecr.call('BatchDeleteImage', { repositoryName: 'rr', imageIds: [{ imageDigest }] })).failures
    expect(await remove(child)).toMatchObject([
      {
        failureCode: 'ImageReferencedByManifestList',
        failureReason: `Requested image referenced by manifest list: [${digest}]`,
      },
    ])
    expect((await ecr.registry('DELETE', `rr/manifests/${child}`)).code).toBe('DENIED')
    expect(await remove(digest)).toEqual([])
    expect(await remove(child)).toEqual([])
    const body = index([{ digest: child, size: 5, architecture: 'amd64' }])
    const missing = ecr.call('PutImage', { repositoryName: 'rr', imageManifest: body, imageTag: 'x' })
    expect(await refused(missing)).toMatchObject({ code: 'ReferencedImagesNotFoundException' })
  })

  test('of an index are given to who takes no index', async () => {
    const { child, digest } = await pushIndex('multi')
    const get = (path: string, accept?: string) =>
      ecr.registry('GET', `rr/manifests/${path}`, accept === undefined ? {} : { headers: { accept } })
    expect((await get('multi')).headers['Docker-Content-Digest']).toBe(digest)
    expect((await get('multi', '*/*')).headers['Docker-Content-Digest']).toBe(digest)
    expect((await get('multi', `${OCI_MANIFEST}, ${OCI_INDEX};q=0.5`)).headers['Docker-Content-Digest']).toBe(digest)
    expect((await get('multi', OCI_MANIFEST)).headers).toMatchObject({
      'Docker-Content-Digest': child,
      'Content-Type': OCI_MANIFEST,
    })
    expect((await get(digest, OCI_MANIFEST)).code).toBe('MANIFEST_UNKNOWN')
    expect((await get('amd', 'text/html')).code).toBe('MANIFEST_UNKNOWN')
    const { images } = await ecr.call('BatchGetImage', {
      repositoryName: 'rr',
      imageIds: [{ imageTag: 'multi' }],
      acceptedMediaTypes: [OCI_MANIFEST],
    })
    expect(images).toMatchObject([{ imageId: { imageDigest: child } }])
  })

  test.each([
    ['no JSON', '{"schemaVersion":2'],
    ['no object', '[]'],
    ['null', 'null'],
    ['no bytes', ''],
    ['another schema', { schemaVersion: 1 }],
    ['another type than the request says', { mediaType: OCI_INDEX }],
    ['layers and manifests', { manifests: [] }],
    ['no configuration', { config: undefined }],
    ['a digest of another form', { layers: [{ ...descriptor('layer'), digest: 'sha256:ABC' }] }],
    ['a negative size', { layers: [{ ...descriptor('layer'), size: -1 }] }],
    ['a wrong size', { layers: [{ ...descriptor('layer'), size: 6 }] }],
    ['two sizes of one layer', { layers: [descriptor('layer'), { ...descriptor('layer'), size: 6 }] }],
    ['too many layers', { layers: Array.from({ length: 4201 }, () => descriptor('layer')) }],
    ['annotations that are no text', { annotations: { a: 1 } }],
    ['a subject without a digest', { subject: { size: 1 } }],
  ])('are refused for a manifest with %s', async (_what, change) => {
    await ecr.image('rr', 'good')
    const good = JSON.parse((await ecr.registry('GET', 'rr/manifests/good')).text)
    const body = typeof change === 'string' ? change : JSON.stringify({ ...good, ...change })
    const reply = await ecr.registry('PUT', 'rr/manifests/bad', { headers: { 'content-type': OCI_MANIFEST }, body })
    expect([reply.status, reply.code]).toEqual([400, 'MANIFEST_INVALID'])
    expect((await ecr.registry('HEAD', 'rr/manifests/bad')).status).toBe(404)
  })

  test('are refused for a manifest of a type that is unknown, unnamed or not UTF-8', async () => {
    await ecr.image('rr', 'good')
    const { text } = await ecr.registry('GET', 'rr/manifests/good')
    const put = (body: string | Uint8Array, type?: string) =>
      ecr.registry('PUT', 'rr/manifests/bad', { body, ...(type && { headers: { 'content-type': type } }) })
    const nameless = JSON.stringify({ ...JSON.parse(text), mediaType: undefined })
    expect((await put(nameless)).code).toBe('MANIFEST_INVALID')
    expect((await put(nameless, OCI_MANIFEST)).status).toBe(201)
    for (const type of ['application/vnd.docker.distribution.manifest.v1+prettyjws', '__proto__', 'text/plain'])
      expect((await put(nameless, type)).code).toBe('MANIFEST_INVALID')
    const broken = Buffer.concat([Buffer.from(text.replace(/}$/, ',"x":"')), Buffer.of(0xff), Buffer.from('"}')])
    expect((await put(broken, OCI_MANIFEST)).code).toBe('MANIFEST_INVALID')
  })

  test('come back byte for byte', async () => {
    await ecr.image('rr', 'good')
    const { text } = await ecr.registry('GET', 'rr/manifests/good')
    const odd = ` \n${JSON.stringify({ ...JSON.parse(text), annotations: { '\u{1F4A9}': 'é\u2028\\u0000'.normalize() } }, undefined, 3)}\r\n`
    const reply = await ecr.registry('PUT', 'rr/manifests/odd', {
      headers: { 'content-type': OCI_MANIFEST },
      body: odd,
    })
    expect(reply.headers['Docker-Content-Digest']).toBe(digestOf(Buffer.from(odd)))
    const got = await ecr.registry('GET', 'rr/manifests/odd')
    expect(got.text).toBe(odd)
    expect((await ecr.registry('HEAD', 'rr/manifests/odd')).headers['Content-Length']).toBe(
      String(Buffer.byteLength(odd)),
    )
  })

  test('may lack the layers that are fetched from elsewhere', async () => {
    const foreign = { ...descriptor('windows'), mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }
    await ecr.image('rr', 'w', ['layer'], { layers: [descriptor('layer'), { ...foreign, urls: ['https://x/y'] }] })
    await expect(ecr.image('rr', 'w', ['layer'], { layers: [foreign] })).rejects.toThrow('MANIFEST_BLOB_UNKNOWN')
  })

  test('that refer to another are listed by what they are', async () => {
    const subject = await ecr.image('rr', 'v1')
    const about = { subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 } }
    for (let n = 0; n < 3; n++)
      await ecr.image('rr', `s${n}`, ['layer'], { ...about, artifactType: `text/${n % 2}`, annotations: { n: `${n}` } })
    const list = async (artifactTypes?: string[], nextToken?: string) =>
      ecr.call('ListImageReferrers', {
        repositoryName: 'rr',
        subjectId: { imageDigest: subject },
        maxResults: 2,
        ...(artifactTypes && { filter: { artifactTypes } }),
        ...(nextToken && { nextToken }),
      })
    const first = await list()
    expect(first.referrers).toHaveLength(2)
    expect((await list(undefined, first.nextToken)).referrers).toHaveLength(1)
    expect((await list(['text/1'])).referrers).toMatchObject([{ artifactType: 'text/1', annotations: { n: '1' } }])
    expect((await list(['text/9'])).referrers).toEqual([])
  })
})
