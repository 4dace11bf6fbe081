import { describe, expect, it } from 'vitest'
import { BLOBS, basic, bearer, credentials, faultyRegistries, MANIFESTS } from './faulty-registry.ts'

import { config, manifest, type Script, sha256 } from './scripted-registry.ts'

const { start, resolve, failure } = faultyRegistries()

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
