import type { IncomingMessage, ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { addressProblem, baseUrl, openExchange, requestOrigin } from './exchange.ts'

const socket = { remoteAddress: '::ffff:192.0.2.7' as string | undefined }
const open = (url: string, host: string | undefined = 'a.example', httpVersion = '1.1') =>
  openExchange(
    { method: 'GET', url, headers: host === '' ? {} : { host }, httpVersion, socket } as unknown as IncomingMessage,
    {} as ServerResponse,
    0,
  )

describe('requestOrigin', () => {
  it('knows the address even when the client has gone meanwhile', () => {
    const exchange = open('/')
    socket.remoteAddress = undefined
    // Whoever adds to it copies it.
    expect({ ...requestOrigin(exchange, 'us-east-1', undefined) }).toMatchObject({
      sourceIp: '192.0.2.7',
      secureTransport: false,
    })
    expect(requestOrigin(open('/'), 'us-east-1', 'https://a.example').sourceIp).toBeUndefined()
  })
})

describe('openExchange', () => {
  it.each([
    ['/a/b?c=d?e', '/a/b', 'c=d?e'],
    ['/', '/', ''],
    ['/?', '/', ''],
    ['//a//b', '//a//b', ''],
    ['http://a.example/a?b', '/a', 'b'],
    ['HTTP://a.example', '/', ''],
    ['http://a.example?b', '/', 'b'],
  ])('takes %s apart', (url, path, query) => {
    const exchange = open(url)
    expect([exchange.path, exchange.query, addressProblem(exchange)]).toEqual([path, query, undefined])
  })

  it('gives every request an id of its own', () => {
    expect(open('/').requestId).not.toBe(open('/').requestId)
  })
})

describe('addressProblem', () => {
  it.each([
    ['no host', open('/', '')],
    ['*', open('*')],
    ['an authority', open('a.example:80')],
    ['another scheme', open('ftp://a.example/')],
    ['another host in the target', open('http://b.example/')],
    ['another user in the target', open('http://u@a.example/')],
  ])('sees %s', (_name, exchange) => {
    expect(addressProblem(exchange)).toMatch(/^The (request|target) .*\.$/)
  })

  it('takes HTTP/1.0 without a host', () => {
    expect(addressProblem(open('/', '', '1.0'))).toBeUndefined()
  })
})

describe('baseUrl', () => {
  it('is the public URL, the host that was addressed, or loopback when that cannot be a host', () => {
    expect(baseUrl(open('/'), 'https://public.example')).toBe('https://public.example')
    expect(baseUrl(open('/', '[::1]:8770'), undefined)).toBe('http://[::1]:8770')
    expect(baseUrl(open('/', 'a"><script>'), undefined)).toBe('http://127.0.0.1')
  })
})
