import { createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { BLOBS, faultyRegistries, MANIFESTS } from './faulty-registry.ts'

import { config, INDEX_TYPE, MANIFEST_TYPE, manifest, sha256 } from './scripted-registry.ts'

const { stops, start, resolve, failure } = faultyRegistries()

describe('content', () => {
  it('is resolved when all is well', async () => {
    const { host } = await start()
    expect(await resolve(host)()).toMatchObject({
      reference: `${host}/team/model@${sha256(manifest)}`,
      labels: { a: 'b' },
    })
  })

  it('is refused when the manifest has another digest than the registry says, without another try', async () => {
    const { reason, registry } = await failure(({ url, reply }) => {
      if (!url.pathname.startsWith(MANIFESTS)) return false
      reply(200, { 'content-type': MANIFEST_TYPE, 'docker-content-digest': sha256('other') }, manifest)
      return true
    })
    expect(reason).toBe('digest-mismatch')
    expect(registry.count(MANIFESTS)).toBe(1)
  })

  it('is refused when the manifest has another digest than was asked for', async () => {
    const registry = await start(({ url, reply }) => {
      if (!url.pathname.startsWith(MANIFESTS)) return false
      reply(200, { 'content-type': MANIFEST_TYPE }, manifest)
      return true
    })
    const pinned = resolve(registry.host)(`team/model@${sha256('asked for')}`)
    await expect(pinned).rejects.toMatchObject({ reason: 'digest-mismatch' })
  })

  it('is refused when the configuration is not the one that the manifest names', async () => {
    const { reason } = await failure(({ url, reply }) => {
      if (!url.pathname.startsWith(BLOBS)) return false
      reply(200, {}, config.toString().replace('amd64', 'arm64'))
      return true
    })
    expect(reason).toBe('digest-mismatch')
  })

  it.each([
    ['a web page', 'text/html', '<html>login</html>', 'unsupported-manifest'],
    ['a manifest that is no JSON', MANIFEST_TYPE, '{"schemaVersion":', 'protocol'],
    [
      'a manifest of the first schema',
      'application/vnd.docker.distribution.manifest.v1+json',
      '{}',
      'unsupported-manifest',
    ],
    ['an empty manifest', MANIFEST_TYPE, '', 'protocol'],
  ])('is refused when there is %s', async (_what, type, body, expected) => {
    const { reason } = await failure(({ url, reply }) => {
      if (!url.pathname.startsWith(MANIFESTS)) return false
      reply(200, { 'content-type': type }, body)
      return true
    })
    expect(['protocol', expected]).toContain(reason)
  })

  it('is refused when the manifest does not end', async () => {
    let sent = 0
    const { reason } = await failure(({ url, response }) => {
      if (!url.pathname.startsWith(MANIFESTS)) return false
      response.writeHead(200, { 'content-type': MANIFEST_TYPE })
      const block = Buffer.alloc(256 * 1024, 0x20)
      const more = () => {
        while (!response.destroyed && response.write(block)) sent += block.length
      }
      response.on('drain', more)
      more()
      return true
    })
    expect(reason).toBe('protocol')
    expect(sent).toBeLessThan(64 * 1024 * 1024)
  })

  it('is found through an index, past the attestations', async () => {
    const other = { mediaType: MANIFEST_TYPE, size: 2, digest: sha256('other') }
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: INDEX_TYPE,
        manifests: [
          { ...other, platform: { os: 'unknown', architecture: 'unknown' } },
          { ...other, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
          { ...other, digest: sha256(manifest), platform: { os: 'linux', architecture: 'amd64' } },
        ],
      }),
    )
    const { host } = await start(({ url, reply }) => {
      if (url.pathname !== `${MANIFESTS}multi` && url.pathname !== MANIFESTS + sha256(index)) return false
      reply(200, { 'content-type': INDEX_TYPE }, index)
      return true
    })
    for (const name of ['team/model:multi', `team/model@${sha256(index)}`]) {
      expect((await resolve(host)(name)).digest).toBe(sha256(manifest))
    }
    const s390x = resolve(host, { platform: { os: 'linux', architecture: 's390x' } })('team/model:multi')
    await expect(s390x).rejects.toMatchObject({
      reason: 'wrong-architecture',
      message: expect.stringContaining('linux/arm64, linux/amd64'),
    })
  })
})

describe('the connection', () => {
  it('may break once', async () => {
    let broken = 0
    const { host } = await start(({ url, response }) => {
      if (!url.pathname.startsWith(MANIFESTS) || broken > 0) return false
      broken += 1
      response.writeHead(200, { 'content-type': MANIFEST_TYPE, 'content-length': String(manifest.length) })
      response.write(manifest.subarray(0, 20), () => response.destroy())
      return true
    })
    expect((await resolve(host)()).digest).toBe(sha256(manifest))
  })

  it('is given up when answers are cut short each time', async () => {
    const { reason, registry } = await failure(({ url, response }) => {
      if (!url.pathname.startsWith(MANIFESTS)) return false
      response.writeHead(200, { 'content-type': MANIFEST_TYPE, 'content-length': String(manifest.length) })
      response.write(manifest.subarray(0, 20), () => response.destroy())
      return true
    })
    expect(reason).toBe('unreachable')
    expect(registry.count(MANIFESTS)).toBe(3)
  })

  it('is given up when nothing is answered', async () => {
    const options = { idleMilliseconds: 100, totalMilliseconds: 5000 }
    expect((await failure(({ url }) => url.pathname.startsWith(MANIFESTS), {}, options)).reason).toBe('unreachable')
  })

  it('is given up when the whole takes too long', async () => {
    const options = { idleMilliseconds: 60_000, totalMilliseconds: 200 }
    expect((await failure(({ url }) => url.pathname.startsWith(MANIFESTS), {}, options)).reason).toBe('unreachable')
  })

  it('is given up at once when the caller does', async () => {
    const controller = new AbortController()
    const { host } = await start(({ url }) => {
      if (!url.pathname.startsWith(MANIFESTS)) return false
      controller.abort(new Error('not wanted any more'))
      return true
    })
    const pending = resolve(host, { signal: controller.signal }, { idleMilliseconds: 60_000 })()
    await expect(pending).rejects.toThrow('not wanted any more')
  })

  it('tells a server that is no registry, and one that speaks no HTTP', async () => {
    const { reason } = await failure(({ reply }) => {
      reply(404, {}, 'nothing here')
      return true
    })
    expect(reason).toBe('not-a-registry')
    const sockets = new Set<Socket>()
    const noise = createServer((socket) => {
      sockets.add(socket.on('error', () => {}))
      socket.on('data', () => socket.write('220 mail.example ESMTP\r\n'))
    })
    await new Promise<void>((done) => noise.listen(0, '127.0.0.1', done))
    stops.push(async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => noise.close(done))
    })
    const address = noise.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await expect(resolve(`127.0.0.1:${port}`)()).rejects.toMatchObject({ reason: 'not-a-registry' })
  })

  it.each([500, 502])('tells a registry that fails with %d', async (status) => {
    const { reason } = await failure(({ reply, url }) => {
      if (!url.pathname.startsWith(MANIFESTS)) return false
      reply(status, {}, 'a stack trace')
      return true
    })
    expect(reason).toBe('server-error')
  })
})

describe('the rate limit', () => {
  it('is waited out when that is short', async () => {
    let limited = 0
    const registry = await start(({ url, reply }) => {
      if (!url.pathname.startsWith(MANIFESTS) || limited > 0) return false
      limited += 1
      reply(429, { 'retry-after': '1' })
      return true
    })
    const begun = performance.now()
    expect((await resolve(registry.host)()).digest).toBe(sha256(manifest))
    expect(performance.now() - begun).toBeGreaterThan(900)
  })

  it('is told at once when it is long', async () => {
    const { reason, registry } = await failure(({ url, reply }) => {
      if (!url.pathname.startsWith(MANIFESTS)) return false
      reply(429, { 'retry-after': '3600' }, JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS' }] }))
      return true
    })
    expect(reason).toBe('rate-limited')
    expect(registry.count(MANIFESTS)).toBe(1)
  })
})
