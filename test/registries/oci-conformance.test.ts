import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ImageRegistryFixture, openRegistry, type SendOptions, sha256 } from '../support/image-registry.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

// What version 1.1 of the OCI distribution specification says a registry must do, and should, in the order of its text.

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const EMPTY = 'application/vnd.oci.empty.v1+json'
const ABSENT = `sha256:${'0'.repeat(64)}`

let slipway: Slipway
let registry: ImageRegistryFixture
let elsewhere: ImageRegistryFixture

beforeAll(async () => {
  slipway = await startSlipway({ workers: 2 })
  registry = await openRegistry(slipway, 'conformance/main')
  elsewhere = await openRegistry(slipway, 'conformance/other')
})
afterAll(() => slipway?.stop())

const send = (method: string, path: string, options?: SendOptions) => registry.send(method, path, options)

const codeOf = async (response: Response) =>
  ((await response.json()) as { errors: { code: string; message: string }[] }).errors[0]?.code

/** Status and code of a refusal. */
const refusal = async (response: Response | Promise<Response>) => {
  const answer = await response
  return [answer.status, await codeOf(answer)]
}

async function pushBlob(bytes: Uint8Array | string, into = registry): Promise<string> {
  const digest = sha256(bytes)
  const response = await into.send('POST', `blobs/uploads/?digest=${digest}`, { body: bytes })
  expect(response.status).toBe(201)
  return digest
}

const descriptor = (bytes: string, mediaType: string) => ({ mediaType, digest: sha256(bytes), size: bytes.length })

function manifestOf(layers: readonly string[], more: object = {}): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor('{}', EMPTY),
    layers: layers.map((layer) => descriptor(layer, 'application/octet-stream')),
    ...more,
  })
}

async function pushManifest(reference: string, body: string, type = MANIFEST): Promise<Response> {
  await pushBlob('{}')
  return send('PUT', `manifests/${reference}`, { headers: { 'content-type': type }, body })
}

async function startUpload(): Promise<string> {
  const response = await send('POST', 'blobs/uploads/')
  expect(response.status).toBe(202)
  return response.headers.get('location') ?? ''
}

describe('whether it is a registry', () => {
  test('it says so to who is logged in, and asks the others to log in', async () => {
    const welcome = await send('GET', '/v2/')
    expect(welcome.status).toBe(200)
    expect(welcome.headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    const stranger = await send('GET', '/v2/', { authorization: '' })
    expect(stranger.headers.get('www-authenticate')).toMatch(/^Basic realm="http:\/\/127\.0\.0\.1:\d+\/"/)
    expect(await refusal(stranger)).toEqual([401, 'UNAUTHORIZED'])
    expect((await send('GET', '/v2')).status).toBe(200)
  })

  test.each([
    ['another user', () => `Basic ${btoa(`root:${registry.credentials.password}`)}`],
    ['a changed password', () => `Basic ${btoa(`AWS:${registry.credentials.password.slice(0, -3)}AAA`)}`],
    ['no colon', () => `Basic ${btoa('AWS')}`],
    ['no Base64', () => 'Basic !!!'],
    ['another scheme', () => `Bearer ${registry.credentials.password}`],
  ])('it refuses a login with %s', async (_what, authorization) => {
    for (const [method, path] of [
      ['GET', '/v2/'],
      ['POST', 'blobs/uploads/'],
      ['GET', `blobs/${ABSENT}`],
    ] as const)
      expect(await refusal(send(method, path, { authorization: authorization() }))).toEqual([401, 'UNAUTHORIZED'])
  })

  test('it refuses methods and paths that it does not have', async () => {
    expect(await refusal(send('POST', 'tags/list'))).toEqual([405, 'UNSUPPORTED'])
    expect((await send('POST', 'tags/list')).headers.get('allow')).toBe('GET, HEAD')
    for (const path of ['nothing', 'tags', 'manifests/', 'blobs/uploads/a/b'])
      expect((await send('GET', path)).status).toBe(404)
    expect(await refusal(send('GET', '/v2/UPPER/manifests/x'))).toEqual([400, 'NAME_INVALID'])
    expect(await refusal(send('GET', '/v2/%ff/manifests/x'))).toEqual([400, 'NAME_INVALID'])
    expect(await refusal(send('GET', '/v2/library/alpine/manifests/x'))).toEqual([404, 'NAME_UNKNOWN'])
    const unknown = `/v2/${slipway.account}/us-east-1/unknown`
    expect(await refusal(send('GET', `${unknown}/manifests/x`))).toEqual([404, 'NAME_UNKNOWN'])
    expect(await refusal(send('POST', `${unknown}/blobs/uploads/`))).toEqual([404, 'NAME_UNKNOWN'])
    expect(await refusal(send('GET', '/v2/999999999999/us-east-1/unknown/tags/list'))).toEqual([403, 'DENIED'])
  })
})

describe('pull', () => {
  const layer = randomBytes(300_000)
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '.')
  const body = manifestOf([layer])

  beforeAll(async () => {
    await pushBlob(layer)
    expect((await pushManifest('pull', body)).status).toBe(201)
  })

  test('a manifest by tag and by digest, with and without its body', async () => {
    for (const reference of ['pull', sha256(body)]) {
      const got = await send('GET', `manifests/${reference}`, { headers: { accept: MANIFEST } })
      expect([got.status, got.headers.get('content-type'), await got.text()]).toEqual([200, MANIFEST, body])
      expect(got.headers.get('docker-content-digest')).toBe(sha256(body))
      const head = await send('HEAD', `manifests/${reference}`, { headers: { accept: MANIFEST } })
      expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, `${body.length}`, ''])
      expect(head.headers.get('docker-content-digest')).toBe(sha256(body))
    }
  })

  test('a blob, with and without its body, and parts of it', async () => {
    const digest = sha256(layer)
    const got = await send('GET', `blobs/${digest}`)
    expect([got.status, got.headers.get('docker-content-digest'), (await got.text()) === layer]).toEqual([
      200,
      digest,
      true,
    ])
    const head = await send('HEAD', `blobs/${digest}`)
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '300000'])
    for (const [range, from, to] of [
      ['0-0', 0, 1],
      ['5-99', 5, 100],
      ['299999-', 299_999, 300_000],
      ['-7', 299_993, 300_000],
      ['9-999999', 9, 300_000],
    ] as const) {
      const part = await send('GET', `blobs/${digest}`, { headers: { range: `bytes=${range}` } })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/300000`])
      expect((await part.text()) === layer.slice(from, to)).toBe(true)
    }
    const beyond = await send('GET', `blobs/${digest}`, { headers: { range: 'bytes=300000-' } })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */300000'])
    for (const range of ['bytes=5-1', 'lines=1-2', 'bytes=0-1,4-5'])
      expect((await send('GET', `blobs/${digest}`, { headers: { range } })).status).toBe(200)
  })

  test('nothing that is not there', async () => {
    for (const reference of ['none', ABSENT, '.INVALID', 'sha256:zz', '%00', 'a'.repeat(200)]) {
      expect(await refusal(send('GET', `manifests/${reference}`))).toEqual([404, 'MANIFEST_UNKNOWN'])
      expect((await send('HEAD', `manifests/${reference}`)).status).toBe(404)
    }
    expect(await refusal(send('GET', `blobs/${ABSENT}`))).toEqual([404, 'BLOB_UNKNOWN'])
    expect((await send('HEAD', `blobs/${ABSENT}`)).status).toBe(404)
    expect(await refusal(send('GET', 'blobs/sha256:zz'))).toEqual([400, 'DIGEST_INVALID'])
    expect(await refusal(elsewhere.send('GET', `blobs/${sha256(layer)}`))).toEqual([404, 'BLOB_UNKNOWN'])
  })
})

describe('push', () => {
  test('a blob by POST, then PUT', async () => {
    const bytes = randomBytes(1000)
    const digest = sha256(bytes)
    const location = await startUpload()
    const put = await send('PUT', `${location}?digest=${digest}`, { body: bytes })
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, digest])
    const got = await send('GET', put.headers.get('location') ?? '')
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
    expect(await refusal(send('PUT', `${location}?digest=${digest}`, { body: bytes }))).toEqual([
      404,
      'BLOB_UPLOAD_UNKNOWN',
    ])
  })

  test('a blob by one POST, also an empty one and one of unknown length', async () => {
    await pushBlob(randomBytes(1000))
    await pushBlob('')
    expect((await send('HEAD', `blobs/${sha256('')}`)).headers.get('content-length')).toBe('0')
    expect(await (await send('GET', `blobs/${sha256('')}`)).text()).toBe('')
    const text = 'x'.repeat(400_000)
    const response = await send('POST', `blobs/uploads/?digest=${sha256(text)}`, { body: new Blob([text]).stream() })
    expect(response.status).toBe(201)
  })

  test('a blob in chunks, asking how far it has come', async () => {
    const bytes = randomBytes(10_000)
    let location = await startUpload()
    const state = async () => {
      const response = await send('GET', location)
      return [response.status, response.headers.get('range'), response.headers.get('location')]
    }
    expect(await state()).toEqual([204, '0-0', location])
    const chunk = (first: number, end: number, range = `${first}-${end - 1}`) =>
      send('PATCH', location, {
        headers: { 'content-range': range, 'content-type': 'application/octet-stream' },
        body: bytes.subarray(first, end),
      })
    const first = await chunk(0, 4000)
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-3999'])
    location = first.headers.get('location') ?? ''
    for (const wrong of [chunk(0, 4000), chunk(4001, 5000), chunk(4000, 5000, '4000-4001')]) {
      const response = await wrong
      expect([response.status, response.headers.get('range'), response.headers.get('location')]).toEqual([
        416,
        '0-3999',
        location,
      ])
    }
    expect(await refusal(chunk(4000, 5000, '9-2'))).toEqual([400, 'BLOB_UPLOAD_INVALID'])
    expect(await state()).toEqual([204, '0-3999', location])
    expect((await chunk(4000, 9000, 'bytes 4000-8999/*')).status).toBe(202)
    const last = await send('PUT', `${location}?digest=${sha256(bytes)}`, {
      headers: { 'content-range': '9000-9999' },
      body: bytes.subarray(9000),
    })
    expect(last.status).toBe(201)
    const got = await send('GET', `blobs/${sha256(bytes)}`)
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
  })

  test('a blob in one chunk, as Docker does', async () => {
    const bytes = randomBytes(600_000)
    const location = await startUpload()
    expect((await send('PATCH', location, { body: new Blob([bytes]).stream() })).status).toBe(202)
    expect(await refusal(send('PUT', `${location}?digest=${ABSENT}`))).toEqual([400, 'DIGEST_INVALID'])
    expect((await send('PUT', `${location}?digest=${sha256(bytes)}`)).status).toBe(201)
  })

  test('a chunk that breaks off leaves nothing of itself, and the upload goes on', async () => {
    const bytes = randomBytes(900_000)
    const location = await startUpload()
    expect((await send('PATCH', location, { body: bytes.subarray(0, 300_000) })).status).toBe(202)
    const gone = new AbortController()
    const half = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes.subarray(300_000, 600_000))
        setImmediate(() => gone.abort())
      },
    })
    await expect(send('PATCH', location, { body: half, signal: gone.signal })).rejects.toThrow()
    expect((await send('GET', location)).headers.get('range')).toBe('0-299999')
    expect((await send('PATCH', location, { body: bytes.subarray(300_000) })).status).toBe(202)
    expect((await send('PUT', `${location}?digest=${sha256(bytes)}`)).status).toBe(201)
  })

  test('nothing whose digest is another', async () => {
    expect(await refusal(send('POST', `blobs/uploads/?digest=${ABSENT}`, { body: 'abc' }))).toEqual([
      400,
      'DIGEST_INVALID',
    ])
    expect(await refusal(send('POST', 'blobs/uploads/?digest=md5:1', { body: 'abc' }))).toEqual([400, 'DIGEST_INVALID'])
    const location = await startUpload()
    for (const query of [`?digest=${ABSENT}`, '?digest=', ''])
      expect(await refusal(send('PUT', `${location}${query}`, { body: 'abc' }))).toEqual([400, 'DIGEST_INVALID'])
    expect((await send('HEAD', `blobs/${ABSENT}`)).status).toBe(404)
  })

  test('an upload that is cancelled is gone, and so is one that never was', async () => {
    const location = await startUpload()
    await send('PATCH', location, { body: 'abc' })
    expect((await send('DELETE', location)).status).toBe(204)
    for (const path of [location, 'blobs/uploads/nonsense', `blobs/uploads/${crypto.randomUUID()}`])
      for (const method of ['GET', 'PATCH', 'DELETE'])
        expect(await refusal(send(method, path))).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
    const foreign = (await startUpload()).replace('/main/', '/other/')
    expect(await refusal(send('GET', foreign))).toEqual([404, 'BLOB_UPLOAD_UNKNOWN'])
  })

  test('a blob from another repository, or an upload when it is not there', async () => {
    const digest = await pushBlob('to be mounted', elsewhere)
    const from = elsewhere.uri.slice(elsewhere.uri.indexOf('/') + 1)
    const mount = (what: string, source: string) => send('POST', `blobs/uploads/?mount=${what}&from=${source}`)
    expect((await mount(ABSENT, from)).status).toBe(202)
    expect((await mount(digest, 'no/such')).status).toBe(202)
    expect((await send('POST', `blobs/uploads/?mount=${digest}`)).status).toBe(202)
    const mounted = await mount(digest, from)
    expect([mounted.status, mounted.headers.get('location')]).toEqual([
      201,
      `${new URL(registry.url).pathname}/blobs/${digest}`,
    ])
    expect(await (await send('GET', `blobs/${digest}`)).text()).toBe('to be mounted')
  })

  test('a manifest by tag or digest, of one type, not larger than 4 MiB, with all that it names', async () => {
    await pushBlob('layer')
    const body = manifestOf(['layer'])
    const put = await pushManifest('v1', body)
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, sha256(body)])
    expect((await send('GET', put.headers.get('location') ?? '')).status).toBe(200)
    expect((await pushManifest(sha256(body), body)).status).toBe(201)
    expect(await refusal(pushManifest(ABSENT, body))).toEqual([400, 'DIGEST_INVALID'])
    expect(await refusal(pushManifest('-bad-', body))).toEqual([400, 'TAG_INVALID'])
    expect(await refusal(pushManifest('v1', body, INDEX))).toEqual([400, 'MANIFEST_INVALID'])
    expect(await refusal(pushManifest('v1', '{'))).toEqual([400, 'MANIFEST_INVALID'])
    expect(await refusal(pushManifest('v1', manifestOf(['unknown'])))).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
    const large = manifestOf(['layer'], { annotations: { a: 'x'.repeat(4 * 1024 * 1024) } })
    expect(await refusal(pushManifest('v1', large))).toEqual([413, 'SIZE_INVALID'])
    const stream = send('PUT', 'manifests/v1', {
      headers: { 'content-type': MANIFEST },
      body: new Blob([large]).stream(),
    })
    expect(await refusal(stream)).toEqual([413, 'SIZE_INVALID'])
    const most = manifestOf(['layer'], { annotations: { a: 'x'.repeat(4 * 1024 * 1024 - body.length - 50) } })
    expect((await pushManifest('large', most)).status).toBe(201)
    expect((await (await send('GET', 'manifests/large')).text()) === most).toBe(true)
  })

  test('a manifest that has no layers', async () => {
    expect((await pushManifest('layerless', manifestOf([]))).status).toBe(201)
  })

  test.each([
    [
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
    ],
    [MANIFEST, INDEX],
  ])('a manifest of type %s, and a list of it', async (type, listType) => {
    await pushBlob('layer')
    const body = manifestOf(['layer'], { mediaType: type, annotations: { type } })
    expect((await pushManifest('one', body, type)).status).toBe(201)
    const entry = { ...descriptor(body, type), platform: { os: 'linux', architecture: 'amd64' } }
    const list = JSON.stringify({ schemaVersion: 2, mediaType: listType, manifests: [entry] })
    expect((await pushManifest('list', list, listType)).status).toBe(201)
    const got = await send('GET', 'manifests/list', { headers: { accept: listType } })
    expect([got.headers.get('content-type'), await got.text()]).toEqual([listType, list])
  })

  test('the same blob and tag by many at once', async () => {
    const text = randomBytes(200_000).toString('hex')
    await Promise.all(Array.from({ length: 6 }, () => pushBlob(text)))
    const bodies = Array.from({ length: 6 }, (_, n) => manifestOf([text], { annotations: { n: `${n}` } }))
    const statuses = await Promise.all(bodies.map(async (body) => (await pushManifest('raced', body)).status))
    expect(statuses).toEqual(bodies.map(() => 201))
    expect(bodies).toContain(await (await send('GET', 'manifests/raced')).text())
  })
})

describe('content discovery', () => {
  test('lists tags in order, in pages', async () => {
    const tags = await openRegistry(slipway, 'conformance/tags')
    const list = async (query = '') => {
      const response = await tags.send('GET', query.startsWith('/v2/') ? query : `tags/list${query}`)
      expect(response.status).toBe(200)
      const next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
      return { ...((await response.json()) as { name: string; tags: string[] }), next }
    }
    const name = tags.uri.slice(tags.uri.indexOf('/') + 1)
    expect(await list()).toEqual({ name, tags: [] })
    await pushBlob('{}', tags)
    for (const tag of ['b', 'A', 'c', 'B', '_x', 'a.1'])
      await tags.send('PUT', `manifests/${tag}`, { headers: { 'content-type': MANIFEST }, body: manifestOf([]) })
    expect((await list()).tags).toEqual(['_x', 'A', 'a.1', 'B', 'b', 'c'])
    const seen: string[] = []
    let next: string | undefined = '?n=4'
    while (next !== undefined) {
      const page = await list(next)
      seen.push(...page.tags)
      next = page.next
    }
    expect(seen).toEqual(['_x', 'A', 'a.1', 'B', 'b', 'c'])
    expect((await list('?n=2&last=a.1')).tags).toEqual(['B', 'b'])
    expect((await list('?last=zz')).tags).toEqual([])
    expect(await list('?n=0')).toMatchObject({ tags: [], next: undefined })
    expect((await tags.send('GET', 'tags/list?n=x')).status).toBe(400)
    expect((await tags.send('GET', 'tags/list?last=%00')).status).toBe(400)
  })

  test('lists what refers to a manifest, whether it is there or not, by type of artifact', async () => {
    const subject = { mediaType: MANIFEST, digest: sha256(randomBytes(8)), size: 5 }
    const list = async (query = '') => {
      const response = await send('GET', `referrers/${subject.digest}${query}`)
      expect([response.status, response.headers.get('content-type')]).toEqual([200, INDEX])
      const filters = response.headers.get('oci-filters-applied')
      return { filters, index: (await response.json()) as { manifests: { digest: string }[] } }
    }
    expect((await list()).index).toEqual({ schemaVersion: 2, mediaType: INDEX, manifests: [] })
    await pushBlob('layer')
    const typed = manifestOf(['layer'], { subject, artifactType: 'application/x.sbom', annotations: { 'org.x': 'y' } })
    const byConfig = manifestOf(['layer'], { subject, config: descriptor('{}', 'application/x.config') })
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: INDEX,
      artifactType: 'application/x.index',
      manifests: [],
      subject,
    })
    for (const [body, type] of [
      [typed, MANIFEST],
      [byConfig, MANIFEST],
      [index, INDEX],
    ] as const) {
      const put = await pushManifest(sha256(body), body, type)
      expect([put.status, put.headers.get('oci-subject')]).toEqual([201, subject.digest])
    }
    const expected = [
      { ...descriptor(typed, MANIFEST), artifactType: 'application/x.sbom', annotations: { 'org.x': 'y' } },
      { ...descriptor(byConfig, MANIFEST), artifactType: 'application/x.config' },
      { ...descriptor(index, INDEX), artifactType: 'application/x.index' },
    ]
    const all = await list()
    expect(all.filters).toBeNull()
    expect(all.index.manifests).toHaveLength(3)
    expect(all.index.manifests).toEqual(expect.arrayContaining(expected))
    const sboms = await list('?artifactType=application/x.sbom')
    expect([sboms.filters, sboms.index.manifests]).toEqual(['artifactType', [expected[0]]])
    expect((await list('?artifactType=none')).index.manifests).toEqual([])
    expect((await send('GET', 'referrers/nonsense')).status).toBe(400)
    expect((await send('DELETE', `manifests/${sha256(typed)}`)).status).toBe(202)
    expect((await list()).index.manifests).toHaveLength(2)
  })

  test('lists more referrers than fit into one answer in pages', async () => {
    const subject = { mediaType: MANIFEST, digest: sha256('popular'), size: 7 }
    await pushBlob('{}')
    const annotation = 'x'.repeat(1_200_000)
    for (let n = 0; n < 4; n++) {
      const body = manifestOf([], { subject, annotations: { n: `${n}`, annotation } })
      const headers = { 'content-type': MANIFEST }
      expect((await send('PUT', `manifests/${sha256(body)}`, { headers, body })).status).toBe(201)
    }
    const digests: string[] = []
    let next: string | undefined = `referrers/${subject.digest}`
    while (next !== undefined) {
      const response: Response = await send('GET', next)
      const text = await response.text()
      expect(text.length).toBeLessThan(4 * 1024 * 1024)
      digests.push(...(JSON.parse(text) as { manifests: { digest: string }[] }).manifests.map((entry) => entry.digest))
      next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(new Set(digests).size).toBe(4)
    expect(digests).toHaveLength(4)
  })
})

describe('content management', () => {
  test('deletes a tag, and with the manifest all tags', async () => {
    await pushBlob('layer')
    const body = manifestOf(['layer'], { annotations: { for: 'deletion' } })
    for (const tag of ['d1', 'd2', 'd3']) await pushManifest(tag, body)
    expect((await send('DELETE', 'manifests/d1')).status).toBe(202)
    expect(await refusal(send('DELETE', 'manifests/d1'))).toEqual([404, 'MANIFEST_UNKNOWN'])
    expect((await send('GET', `manifests/${sha256(body)}`)).status).toBe(200)
    expect((await send('DELETE', `manifests/${sha256(body)}`)).status).toBe(202)
    for (const reference of ['d2', 'd3', sha256(body)])
      expect(await refusal(send('GET', `manifests/${reference}`))).toEqual([404, 'MANIFEST_UNKNOWN'])
    expect(await refusal(send('DELETE', `manifests/${sha256(body)}`))).toEqual([404, 'MANIFEST_UNKNOWN'])
    expect(await refusal(send('DELETE', 'manifests/sha256:x'))).toEqual([404, 'MANIFEST_UNKNOWN'])
  })

  test('deletes a blob that no image needs', async () => {
    const digest = await pushBlob('unneeded')
    expect((await send('DELETE', `blobs/${digest}`)).status).toBe(202)
    expect(await refusal(send('DELETE', `blobs/${digest}`))).toEqual([404, 'BLOB_UNKNOWN'])
    expect((await send('HEAD', `blobs/${digest}`)).status).toBe(404)
    await pushBlob('needed')
    await pushManifest('needs', manifestOf(['needed']))
    expect(await refusal(send('DELETE', `blobs/${sha256('needed')}`))).toEqual([405, 'UNSUPPORTED'])
  })
})

test('with --auth trust, whoever comes without a login acts as the owner of what is asked for', async () => {
  const trusting = await startSlipway({ flags: ['--auth', 'trust'] })
  try {
    const open = await openRegistry(trusting, 'trusted/model')
    const anonymous = { authorization: '' }
    expect((await open.send('GET', '/v2/', anonymous)).status).toBe(200)
    const pushed = await open.send('POST', `blobs/uploads/?digest=${sha256('x')}`, { ...anonymous, body: 'x' })
    expect(pushed.status).toBe(201)
    expect(await refusal(open.send('GET', '/v2/', { authorization: 'Basic eDp5' }))).toEqual([401, 'UNAUTHORIZED'])
  } finally {
    await trusting.stop()
  }
})
