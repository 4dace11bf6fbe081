import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { openExchange } from './exchange.ts'
import { isMetricsRequest, serveMetrics } from './serve-metrics.ts'

const TOKEN = 'a-token-of-some-length'

interface Ask {
  readonly method?: string
  readonly url?: string
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
}

function exchangeOf({ method = 'GET', url = '/metrics', from = '10.1.2.3', headers = {} }: Ask) {
  const answer = { status: 0, headers: {} as Record<string, unknown>, body: '' }
  const response = {
    headersSent: false,
    destroyed: false,
    writeHead: (status: number, written: Record<string, unknown>) =>
      Object.assign(answer, { status, headers: written }),
    end: (body?: Buffer) => {
      answer.body = body?.toString() ?? ''
    },
  } as unknown as ServerResponse
  const request = {
    method,
    url,
    headers,
    complete: true,
    socket: { remoteAddress: from },
  } as unknown as IncomingMessage
  return { exchange: openExchange(request, response, 0), answer }
}

async function ask(given: Ask, token: string | undefined = TOKEN) {
  const { exchange, answer } = exchangeOf(given)
  await serveMetrics({ text: async () => 'a 1\n', token }, exchange)
  return answer
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

describe('/metrics', () => {
  it.each<[string, Ask, number]>([
    ['this machine', { from: '127.0.0.1' }, 200],
    ['this machine by IPv6', { from: '::1' }, 200],
    ['this machine, mapped', { from: '::ffff:127.0.0.5' }, 200],
    ['a proxy on this machine', { from: '127.0.0.1', headers: { 'x-forwarded-for': '10.1.2.3' } }, 401],
    [
      'a proxy on this machine with the token',
      { from: '127.0.0.1', headers: { via: 'x', ...bearer(TOKEN).headers } },
      200,
    ],
    ['another machine', {}, 401],
    ['another machine with the token', bearer(TOKEN), 200],
    ['another machine with a wrong token', bearer(`${TOKEN}x`), 401],
    ['another machine with an empty token', { headers: { authorization: 'Bearer ' } }, 401],
    ['another machine with a password', { headers: { authorization: `Basic ${TOKEN}` } }, 401],
    ['a name that only looks like this machine', { from: '1270.0.0.1' }, 401],
    ['somebody who writes', { method: 'POST', from: '127.0.0.1' }, 405],
  ])('answers %s', async (_who, given, status) => {
    const answer = await ask(given)
    expect(answer.status).toBe(status)
    expect(answer.body === 'a 1\n').toBe(status === 200)
    if (status === 401) expect(answer.headers['WWW-Authenticate']).toMatch(/^Bearer/)
    expect(answer.body).not.toContain(TOKEN)
  })

  it('is closed to other machines as long as there is no token', async () => {
    for (const given of [{}, bearer('undefined'), bearer('')]) expect((await ask(given, undefined)).status).toBe(401)
  })

  it('has no body for HEAD', async () => {
    expect(await ask({ method: 'HEAD', from: '127.0.0.1' })).toMatchObject({ status: 200, body: '' })
  })

  it.each<[string, Ask, string | undefined, boolean]>([
    ['the path', {}, undefined, true],
    ['the path with a query', { url: '/metrics?x=1' }, undefined, true],
    ['a signed request for a bucket', {}, 's3', false],
    ['another path', { url: '/metrics/x' }, undefined, false],
    ['an object of a bucket in the host', { headers: { host: 'bucket.s3.amazonaws.com' } }, undefined, false],
  ])('is %s: %#', (_what, given, signed, expected) => {
    expect(isMetricsRequest(exchangeOf(given).exchange, signed, [])).toBe(expected)
  })
})
