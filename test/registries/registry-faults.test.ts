import { createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createRegistryClient,
  type RegistryClientOptions,
  type ResolveOptions,
} from '../../src/registries/registry-client.ts'
import { RegistryError } from '../../src/registries/registry-error.ts'
import {
  config,
  INDEX_TYPE,
  MANIFEST_TYPE,
  manifest,
  type Script,
  type ScriptedRegistry,
  sha256,
  startScriptedRegistry,
} from './scripted-registry.ts'

const platform = { os: 'linux', architecture: 'amd64' }
const credentials = { username: 'alice', password: 'pa55word-of-alice' }
const MANIFESTS = '/v2/team/model/manifests/'
const BLOBS = '/v2/team/model/blobs/'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function start(script?: Script): Promise<ScriptedRegistry> {
  const registry = await startScriptedRegistry(script)
  stops.push(registry.stop)
  return registry
}

function resolve(host: string, more: Partial<ResolveOptions> = {}, options: RegistryClientOptions = {}) {
  const client = createRegistryClient({ connectMilliseconds: 1000, idleMilliseconds: 1000, ...options })
  stops.unshift(() => client.close())
  const call = (name = 'team/model:1') =>
    client.resolveImage(`${host}/${name}`, { platform, signal: new AbortController().signal, ...more })
  return Object.assign(call, { client })
}

/** The error of the resolution; whatever it is, it tells no secret. */
async function failure(script: Script, more: Partial<ResolveOptions> = {}, options: RegistryClientOptions = {}) {
  const registry = await start(script)
  const outcome = await resolve(registry.host, { credentials, ...more }, options)().catch((error: unknown) => error)
  if (!(outcome instanceof RegistryError)) throw new Error('no RegistryError', { cause: outcome })
  const told = [outcome.message, outcome.stack, JSON.stringify(outcome)].join()
  expect(told).not.toContain(credentials.password)
  expect(told).not.toContain(Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64'))
  return { error: outcome, reason: outcome.reason, registry }
}

const basic: Script = ({ request, reply }) => {
  if (request.headers.authorization?.startsWith('Basic ')) return false
  reply(401, { 'www-authenticate': 'Basic realm="x"' })
  return true
}

/** Demands tokens that `issue` makes; each is good until the next is made. */
function bearer(issue: (count: number) => object | string, token: Script = () => false): Script {
  let issued = 0
  let current = ''
  return (exchange) => {
    const { request, reply, url } = exchange
    const realm = `http://${request.headers.host}/token`
    if (url.pathname === '/token') {
      if (token(exchange)) return true
      issued += 1
      const answer = issue(issued)
      current = typeof answer === 'object' && 'token' in answer ? String(answer.token) : ''
      reply(200, {}, typeof answer === 'string' ? answer : JSON.stringify(answer))
      return true
    }
    if (current !== '' && request.headers.authorization === `Bearer ${current}`) return false
    reply(401, { 'www-authenticate': `Bearer realm="${realm}",service="scripted"` })
    return true
  }
}

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

describe('redirects', () => {
  it('are followed to another host, without the login', async () => {
    const store = await start(({ reply }) => {
      reply(200, {}, config)
      return true
    })
    const { host } = await start((exchange) => {
      if (basic(exchange)) return true
      if (!exchange.url.pathname.startsWith(BLOBS)) return false
      exchange.reply(307, { location: `http://${store.host}/signed?x=1` })
      return true
    })
    expect((await resolve(host, { credentials })()).digest).toBe(sha256(manifest))
    expect(store.requests).toEqual([{ method: 'GET', url: '/signed?x=1', authorization: undefined }])
  })

  it('keep the login on the same host', async () => {
    const { host } = await start((exchange) => {
      const { url, reply } = exchange
      if (basic(exchange)) return true
      if (url.pathname === '/moved') reply(200, {}, config)
      else if (url.pathname.startsWith(BLOBS)) reply(302, { location: '/moved' })
      else return false
      return true
    })
    expect((await resolve(host, { credentials })()).digest).toBe(sha256(manifest))
  })

  it.each([
    ['http://169.254.169.254/latest/meta-data/iam', 'forbidden-address'],
    ['https://[fd00:ec2::254]/', 'forbidden-address'],
    ['http://registry.example/blob', 'plain-http'],
    ['file:///etc/passwd', 'protocol'],
    ['http://[', 'protocol'],
  ])('to %s are refused', async (location, expected) => {
    const { reason } = await failure(({ url, reply }) => {
      if (!url.pathname.startsWith(BLOBS)) return false
      reply(307, { location })
      return true
    })
    expect(reason).toBe(expected)
  })

  it('that go in circles are refused', async () => {
    const { reason, registry } = await failure(({ url, reply }) => {
      if (!url.pathname.startsWith(BLOBS)) return false
      reply(307, { location: url.pathname })
      return true
    })
    expect(reason).toBe('protocol')
    expect(registry.count(BLOBS)).toBeLessThan(10)
  })

  it('that end in a demand for a login do not get it', async () => {
    const other = await start(({ reply }) => {
      reply(401, { 'www-authenticate': 'Basic realm="give me"' })
      return true
    })
    const { reason } = await failure((exchange) => {
      if (basic(exchange)) return true
      if (!exchange.url.pathname.startsWith(BLOBS)) return false
      exchange.reply(307, { location: `http://${other.host}/` })
      return true
    })
    expect(reason).toBe('denied')
    expect(other.requests.every(({ authorization }) => authorization === undefined)).toBe(true)
  })
})

describe('tokens', () => {
  it('are renewed once when the registry refuses one in the middle', async () => {
    let expired = false
    const script = bearer((count) => ({ token: `t${count}`, expires_in: 300 }))
    const registry = await start((exchange) => {
      const { url, request, reply } = exchange
      if (url.pathname.startsWith(BLOBS) && request.headers.authorization === 'Bearer t1') {
        expired = true
        reply(401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="scripted"` })
        return true
      }
      return script(exchange)
    })
    expect((await resolve(registry.host, { credentials })()).digest).toBe(sha256(manifest))
    expect(expired).toBe(true)
    expect(registry.count('/token')).toBe(2)
  })

  it('are not asked for again and again', async () => {
    const { reason, registry } = await failure(
      bearer(
        (count) => ({ token: `t${count}` }),
        ({ reply, request }) => {
          reply(200, {}, JSON.stringify({ token: `never-good-${request.headers['x-none'] ?? ''}` }))
          return true
        },
      ),
    )
    expect(reason).toBe('denied')
    expect(registry.count('/token')).toBeLessThanOrEqual(2)
  })

  it('live at least a minute, whatever the server says, and no longer than it says', async () => {
    let now = 1_000_000
    const registry = await start(bearer((count) => ({ token: `t${count}`, expires_in: 5 })))
    const call = resolve(registry.host, { credentials }, { clock: { now: () => now } })
    await call()
    now += 45_000
    await call()
    expect(registry.count('/token')).toBe(1)
    now += 20_000
    await call()
    expect(registry.count('/token')).toBe(2)
  })

  it('are read from access_token, and asked for with the login, the service and the scope', async () => {
    const script: Script = ({ url, request, reply }) => {
      if (url.pathname === '/token') reply(200, {}, JSON.stringify({ access_token: 'oauth' }))
      else if (request.headers.authorization === 'Bearer oauth') return false
      else reply(401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token?a=b",service="s v"` })
      return true
    }
    const registry = await start(script)
    await resolve(registry.host, { credentials })()
    const asked = registry.requests.find(({ url }) => url.startsWith('/token'))
    expect(asked?.authorization).toMatch(/^Basic /)
    expect(new URL(asked?.url ?? '', 'http://x').searchParams.toString()).toBe(
      'a=b&service=s+v&scope=repository%3Ateam%2Fmodel%3Apull',
    )
  })

  it('are asked for by POST where GET is not offered, and for refresh tokens', async () => {
    const forms: string[] = []
    const script = bearer(
      (count) => ({ token: `t${count}` }),
      ({ request, form, reply }) => {
        if (request.method !== 'POST') {
          reply(405)
          return true
        }
        forms.push(form)
        return false
      },
    )
    const registry = await start(script)
    await resolve(registry.host, { credentials })()
    expect(Object.fromEntries(new URLSearchParams(forms[0]))).toMatchObject({
      grant_type: 'password',
      ...credentials,
      service: 'scripted',
      scope: 'repository:team/model:pull',
    })
    await resolve(registry.host, { credentials: { username: '<token>', password: 'refresh-me' } })()
    expect(Object.fromEntries(new URLSearchParams(forms[1]))).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-me',
    })
  })

  it.each([
    ['refused with 401', 401, '{"details":"incorrect username or password"}', 'unauthorized'],
    ['refused with 403', 403, '', 'denied'],
    ['failing', 500, '', 'server-error'],
    ['no JSON', 200, '<html>', 'protocol'],
    ['empty', 200, '{"token":""}', 'protocol'],
    ['a header of its own', 200, JSON.stringify({ token: 'x\r\nEvil: 1' }), 'protocol'],
    ['endless', 200, `{"token":"${'x'.repeat(2_000_000)}"}`, 'protocol'],
  ])('that are %s fail', async (_what, status, body, expected) => {
    const script = bearer(
      () => ({}),
      ({ reply }) => {
        reply(status, {}, body)
        return true
      },
    )
    expect((await failure(script)).reason).toBe(expected)
  })

  it.each([
    ['http://169.254.169.254/token', 'forbidden-address'],
    ['http://auth.example/token', 'plain-http'],
    ['ftp://auth.example/token', 'protocol'],
    ['not a url', 'protocol'],
  ])('are not fetched from %s', async (realm, expected) => {
    const { reason } = await failure(({ reply }) => {
      reply(401, { 'www-authenticate': `Bearer realm="${realm}",service="s"` })
      return true
    })
    expect(reason).toBe(expected)
  })
})

describe('logins', () => {
  it('are told as wrong when refused, and not repeated', async () => {
    const { reason, registry } = await failure(({ reply }) => {
      reply(401, { 'www-authenticate': 'Basic realm="x"' })
      return true
    })
    expect(reason).toBe('unauthorized')
    expect(registry.count(MANIFESTS)).toBe(1)
  })

  it('are told as missing', async () => {
    const { error } = await failure(basic, { credentials: undefined })
    expect(error).toMatchObject({ reason: 'unauthorized', message: expect.stringContaining('no credentials') })
  })

  it('are not guessed where the registry does not say which', async () => {
    const { reason, registry } = await failure(({ reply }) => {
      reply(401)
      return true
    })
    expect(reason).toBe('protocol')
    expect(registry.requests.every(({ authorization }) => authorization === undefined)).toBe(true)
  })

  it('stay secret when the registry repeats them in its errors', async () => {
    const { error } = await failure((exchange) => {
      if (basic(exchange)) return true
      const message = `no access for ${credentials.username} with ${credentials.password}`
      exchange.reply(403, {}, JSON.stringify({ errors: [{ code: credentials.password, message }, { code: 'DENIED' }] }))
      return true
    })
    expect(error.reason).toBe('denied')
  })
})
