import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { judgeAddresses } from '../../../src/services/sns/http/reachable-address.ts'
import { createSender } from '../../../src/services/sns/http/sender.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})
const signal = new AbortController().signal

async function serve(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    requests.push(request)
    request.resume()
    request.once('end', () => answer(response, request))
  })
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests, sockets }
}

function sender(timeout = 5_000, allowed = ['127.0.0.0/8', '::1']) {
  const made = createSender(judgeAddresses(allowed), timeout)
  ends.push(() => made.close())
  return made
}

const status = (code: number) => (response: ServerResponse) => {
  response.writeHead(code, { location: 'http://127.0.0.1:1/' })
  response.end()
}

test.each([
  [200, 'delivered'],
  [204, 'delivered'],
  [301, 'refused'],
  [400, 'refused'],
  [404, 'refused'],
  [429, 'failed'],
  [500, 'failed'],
  [503, 'failed'],
])('status %i is %s, and nobody is sent elsewhere', async (code, kind) => {
  const { url, requests } = await serve(status(code))
  expect((await sender().post(url, {}, 'm', signal)).kind).toBe(kind)
  expect(requests).toHaveLength(1)
})

test('one that does not answer, or does not end, has its time', async () => {
  const silent = await serve(() => {})
  expect(await sender(200).post(silent.url, {}, 'm', signal)).toEqual({ kind: 'failed', reason: 'no answer in time' })
  const dripping = await serve((response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'), 20)
    response.once('close', () => clearInterval(timer))
  })
  expect(await sender(300).post(dripping.url, {}, 'm', signal)).toMatchObject({ kind: 'failed' })
})

test('one that says too much is not listened to', async () => {
  let written = 0
  const { url } = await serve((response) => {
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) written += 64 * 1024
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  expect((await sender().post(url, {}, 'm', signal)).kind).toBe('delivered')
  expect(written).toBeLessThan(32 * 1024 * 1024)
})

test('connections are used again, and one that the server has closed meanwhile is no failure', async () => {
  const { url, requests, sockets } = await serve(status(200))
  const one = sender()
  for (let at = 0; at < 3; at++) expect((await one.post(url, {}, 'm', signal)).kind).toBe('delivered')
  expect(sockets.size).toBe(1)
  for (const socket of sockets) socket.resetAndDestroy()
  expect((await one.post(url, {}, 'm', signal)).kind).toBe('delivered')
  expect(requests).toHaveLength(4)
})

test('nobody there, and addresses inside, in every spelling', async () => {
  const { url, requests } = await serve(status(200))
  const { port } = new URL(url)
  expect((await sender().post('http://127.0.0.1:1/', {}, 'm', signal)).kind).toBe('failed')
  const closed = sender(5_000, [])
  const spellings = [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    'localhost',
    '127.1',
  ]
  for (const host of spellings)
    expect((await closed.post(`http://${host}:${port}/`, {}, 'm', signal)).kind, host).toBe('refused')
  expect(requests).toEqual([])
})

test('a password in the URL is sent as one', async () => {
  const { url, requests } = await serve(status(200))
  await sender().post(url.replace('//', '//ann:p%40ss@'), { 'x-a': 'b' }, 'm', signal)
  expect(requests[0]?.headers).toMatchObject({
    authorization: `Basic ${Buffer.from('ann:p@ss').toString('base64')}`,
    'x-a': 'b',
    'content-length': '1',
  })
})
