import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { eventually } from '../../../test/support/eventually.ts'
import { httpContainer } from '../../../test/support/fake-container.ts'
import { holdUp } from '../../../test/support/hold-up.ts'
import {
  type GatewayOptions,
  type InvocationGateway,
  startInvocationGateway,
} from '../../../test/support/invocation-gateway.ts'
import type { AsyncRoute } from '../../dataplane/route.ts'
import type { AccessEntry } from '../../telemetry/access-log.ts'
import { InvocationFront } from './invocation-front.ts'

const TIMES = { head: 200, check: 50, idle: 1_000 }
const PATH = '/endpoints/iris/invocations'
const ASYNC: AsyncRoute = {
  ...{ queueId: 'q', outputPath: 's3://outputs', failurePath: undefined, responseIn: [] },
  ...{ kmsKeyId: undefined, successTopic: undefined, errorTopic: undefined },
}

const running: { stop(): unknown }[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const part of running.splice(0).reverse()) await part.stop()
})

/** A gateway before a container that answers with `answer` bytes, after `wait` ms. */
async function serve(options: GatewayOptions = {}, answer = 3, wait = 0): Promise<InvocationGateway> {
  const container = await httpContainer((request, response) => {
    request.resume().on('end', () => setTimeout(() => response.end(Buffer.alloc(answer, 'y')), wait))
  })
  const gateway = await startInvocationGateway(options)
  running.push(container, gateway)
  const instances = [{ id: 'i-1', address: container.address }]
  gateway.route('iris', { variants: [{ name: 'a', weight: 1, share: 1, strategy: 'RANDOM', instances }] })
  return gateway
}

interface Client {
  readonly socket: Socket
  readonly received: () => string
  readonly ended: () => boolean
}

async function client({ port }: InvocationGateway): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1' })
  running.push({ stop: () => socket.destroy() })
  let received = ''
  let ended = false
  socket.on('data', (part) => {
    received += part.toString('latin1')
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    ended = true
  })
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  return { socket, received: () => received, ended: () => ended }
}

function invocation(gateway: InvocationGateway, body: string, path = PATH, headers?: Record<string, string>): string {
  const lines = Object.entries(gateway.signed(path, body, headers)).map(([name, value]) => `${name}: ${value}`)
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

function fits({ bodyMemory }: InvocationGateway, bytes: number): boolean {
  const fit = bodyMemory.reserve(bytes)
  if (fit) bodyMemory.release(bytes)
  return fit
}

const countOf = (text: string, part: string): number => text.split(part).length - 1

describe('a connection of the front', () => {
  it('keeps what is an invocation, and hands the rest over for good', async () => {
    const handOver = vi.spyOn(InvocationFront.prototype, 'handOver')
    const gateway = await serve()
    const { socket, received } = await client(gateway)
    const one = invocation(gateway, 'hello')
    socket.write(one.repeat(3))
    await eventually(() => expect(countOf(received(), 'HTTP/1.1 200 OK')).toBe(3))
    expect(handOver).not.toHaveBeenCalled()
    socket.write(`GET /_slipway/nothing HTTP/1.1\r\nHost: a\r\n\r\n${one}`)
    await eventually(() => expect(countOf(received(), 'HTTP/1.1 200 OK')).toBe(4))
    expect(countOf(received(), 'HTTP/1.1 404 Not Found')).toBe(1)
    socket.write(one)
    await eventually(() => expect(countOf(received(), 'HTTP/1.1 200 OK')).toBe(5))
    expect(handOver).toHaveBeenCalledTimes(1)
  })

  it('takes requests to asynchronous endpoints, and hands on one whose body is larger than those may be', async () => {
    const handOver = vi.spyOn(InvocationFront.prototype, 'handOver')
    const bodies: (number | undefined)[] = []
    const gateway = await serve({ onAccepted: ({ body }) => bodies.push(body?.content.length) })
    gateway.route('later', { async: ASYNC })
    const { socket, received } = await client(gateway)
    const path = '/endpoints/later/async-invocations'
    const located = invocation(gateway, '', path, { 'x-amzn-sagemaker-inputlocation': 's3://inputs/one' })
    socket.write(located + located + invocation(gateway, 'x'.repeat(128_000), path))
    await eventually(() => expect(countOf(received(), 'HTTP/1.1 202 Accepted')).toBe(3))
    expect(handOver).not.toHaveBeenCalled()
    expect(bodies).toEqual([undefined, undefined, expect.any(Number)])
    socket.write(invocation(gateway, 'x'.repeat(128_001), path))
    await eventually(() => expect(countOf(received(), 'HTTP/1.1 400')).toBe(1))
    expect(handOver).toHaveBeenCalledTimes(1)
    expect(bodies).toHaveLength(3)
  })

  it('is closed when its head does not come, with words', async () => {
    const gateway = await serve({ times: TIMES })
    const silent = await client(gateway)
    const slow = await client(gateway)
    slow.socket.write('POST /endpoints/iris')
    await eventually(() => expect([silent.ended(), slow.ended()]).toEqual([true, true]))
    for (const { received } of [silent, slow]) expect(received()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  })

  it.each(['hello', ''])(
    'is closed without words when no further request comes, after its own time: %j',
    async (body) => {
      const gateway = await serve({ times: TIMES })
      const { socket, received, ended } = await client(gateway)
      const since = performance.now()
      socket.write(invocation(gateway, body))
      await eventually(() => expect(ended()).toBe(true))
      expect(performance.now() - since).toBeGreaterThan(TIMES.idle - 100)
      expect(countOf(received(), 'HTTP/1.1')).toBe(1)
      expect(received()).toContain('Keep-Alive: timeout=1\r\n')
    },
  )

  it('that is slow to be answered is not closed for it', async () => {
    const gateway = await serve({ times: TIMES }, 3, 1_500)
    const { socket, received } = await client(gateway)
    socket.write(invocation(gateway, 'hello'))
    await eventually(() => expect(received()).toContain('200 OK'))
  })

  it('gives back the memory of a body whose sender has gone', async () => {
    const gateway = await serve({ memoryBytes: 1_000 })
    const { socket } = await client(gateway)
    socket.write(invocation(gateway, 'x'.repeat(900)).slice(0, -100))
    await eventually(() => expect(fits(gateway, 200)).toBe(false))
    socket.destroy()
    await eventually(() => expect(fits(gateway, 1_000)).toBe(true))
  })

  describe.each([
    ['of the front', {}],
    ['of node:http', { withoutFront: true }],
  ])('%s', (_which, options) => {
    const pace = { bodySeconds: 0.4, bodyBytesPerSecond: 1_000 }
    /** Sends the rest of a body byte by byte. */
    function drip({ socket }: Client, body: string, milliseconds: number) {
      let next = 0
      const timer = setInterval(() => {
        if (next < body.length && socket.writable) socket.write(body[next++] as string)
      }, milliseconds)
      running.push({ stop: () => clearInterval(timer) })
    }

    it('refuses a body that comes more slowly than it must, and gives its memory back', async () => {
      const gateway = await serve({ ...options, times: TIMES, bodyPace: pace, memoryBytes: 1_000 })
      const slow = await client(gateway)
      const body = 'x'.repeat(900)
      const whole = invocation(gateway, body)
      slow.socket.write(whole.slice(0, -100))
      await eventually(() => expect(fits(gateway, 200)).toBe(false))
      const since = performance.now()
      drip(slow, body.slice(-100), 100)
      await eventually(() => expect(fits(gateway, 1_000)).toBe(true))
      // Eight hundred bytes have bought most of a second.
      expect(performance.now() - since).toBeGreaterThan(900)
      expect(performance.now() - since).toBeLessThan(3_000)
      await eventually(() => expect(slow.received()).toMatch(/arrive in time/))
      expect(slow.received()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
      expect(slow.received()).toMatch(/\r\nx-amzn-errortype: RequestTimeout\r\n/i)
      expect(slow.received()).toMatch(/\r\nConnection: close\r\n/i)
      await eventually(() => expect(slow.ended()).toBe(true), 20_000)
    }, 30_000)

    it('lets a client read the refusal that sends on before it reads', async () => {
      const gateway = await serve({ ...options, times: TIMES, bodyPace: pace, memoryBytes: 1_000 })
      const slow = await client(gateway)
      slow.socket.pause()
      const body = 'x'.repeat(900)
      slow.socket.write(invocation(gateway, body).slice(0, -100))
      await eventually(() => expect(fits(gateway, 200)).toBe(false))
      drip(slow, body.slice(-80), 100)
      await eventually(() => expect(fits(gateway, 1_000)).toBe(true))
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      slow.socket.write(body.slice(-20))
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(slow.ended()).toBe(false)
      slow.socket.resume()
      await eventually(() =>
        expect(slow.received()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*arrive in time/),
      )
      await eventually(() => expect(slow.ended()).toBe(true), 20_000)
    }, 30_000)

    it('takes a body that is slow but keeps the pace', async () => {
      const gateway = await serve({ ...options, times: TIMES, bodyPace: pace })
      const { socket, received } = await client(gateway)
      const body = 'x'.repeat(2_000)
      const whole = invocation(gateway, body)
      socket.write(whole.slice(0, -2_000))
      for (let sent = 0; sent < 2_000; sent += 200) {
        await new Promise((resolve) => setTimeout(resolve, 120))
        socket.write(body.slice(sent, sent + 200))
      }
      await eventually(() => expect(received()).toMatch(/^HTTP\/1\.1 200 OK/))
    })

    it('reads what has come while the process was held up before it judges', async () => {
      // Time enough to begin on a busy machine, and less than the second that a pause counts for.
      const bodyPace = { bodySeconds: 0.9, bodyBytesPerSecond: 1_000_000 }
      const gateway = await serve({ ...options, times: TIMES, bodyPace, memoryBytes: 1_000 })
      const held = await client(gateway)
      const whole = invocation(gateway, 'x'.repeat(900))
      held.socket.write(whole.slice(0, -800))
      await eventually(() => expect(fits(gateway, 200)).toBe(false))
      await holdUp(3_000, held.socket, whole.slice(-800))
      await eventually(() => expect(held.received()).toMatch(/^HTTP\/1\.1 200 OK/))
    })

    it('does not count the time for which the process was held up', async () => {
      const bodyPace = { bodySeconds: 3, bodyBytesPerSecond: 1_000 }
      const gateway = await serve({ ...options, times: TIMES, bodyPace, memoryBytes: 1_000 })
      const held = await client(gateway)
      const whole = invocation(gateway, 'x'.repeat(900))
      held.socket.write(whole.slice(0, -800))
      await eventually(() => expect(fits(gateway, 200)).toBe(false))
      await holdUp(4_000, held.socket, 'x')
      // A client on the same machine was held up as well, and goes on when it can.
      await new Promise((resolve) => setTimeout(resolve, 200))
      held.socket.write(whole.slice(-799))
      await eventually(() => expect(held.received()).toMatch(/^HTTP\/1\.1 200 OK/))
    })
  })

  it('does not count the time in which its sender is looked up', async () => {
    const pace = { bodySeconds: 0.1, bodyBytesPerSecond: 1_000_000 }
    const gateway = await serve({ times: TIMES, bodyPace: pace, lookup: 600 })
    const { socket, received } = await client(gateway)
    socket.write(invocation(gateway, 'hello'))
    await eventually(() => expect(received()).toMatch(/^HTTP\/1\.1 200 OK/))
  })

  it('reads no further ahead than a little while its client reads no answers', async () => {
    const gateway = await serve({}, 60_000)
    const { socket, received } = await client(gateway)
    socket.pause()
    const one = invocation(gateway, 'x'.repeat(20_000))
    for (let count = 0; count < 600; count++) socket.write(one)
    // What the kernel takes is little against these twelve megabytes.
    await eventually(() => expect(socket.bytesWritten - socket.writableLength).toBeGreaterThan(0))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(socket.writableLength).toBeGreaterThan(1_000_000)
    socket.resume()
    await eventually(() => expect(countOf(received(), 'HTTP/1.1 200 OK')).toBe(600), 25_000)
  })
})

describe('the access log', () => {
  it('has a line for each request, whoever has read it, and no secrets', async () => {
    const entries: AccessEntry[] = []
    const gateway = await serve({ accessLog: { add: (entry) => entries.push(entry) } })
    const { socket, received } = await client(gateway)
    const one = invocation(gateway, 'hello')
    socket.write(`${one}GET /_slipway/nothing?X-Amz-Signature=secret HTTP/1.1\r\nHost: a\r\n\r\n${one}`)
    await eventually(() => expect(entries).toHaveLength(3))
    expect(entries.map(({ method, path, status }) => [method, path, status])).toEqual([
      ['POST', PATH, 200],
      ['GET', '/_slipway/nothing', 404],
      ['POST', PATH, 200],
    ])
    expect(entries.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(received().length)
    for (const { client: address, milliseconds } of entries)
      expect([address, milliseconds > 0]).toEqual(['127.0.0.1', true])
    expect(JSON.stringify(entries)).not.toMatch(/Signature|Credential/i)
    // Who leaves without an answer is written down as well.
    socket.destroy()
    const leaving = await client(gateway)
    leaving.socket.write(invocation(gateway, 'leave'))
    leaving.socket.destroy()
    await eventually(() => expect(entries).toHaveLength(4))
  })

  it.each([3, 100_000])('counts all of an answer in chunks: of %i bytes', async (answer) => {
    const entries: AccessEntry[] = []
    const gateway = await serve({ accessLog: { add: (entry) => entries.push(entry) } }, answer)
    const { socket, received } = await client(gateway)
    socket.write(invocation(gateway, 'hello', `${PATH}-response-stream`))
    await eventually(() => expect(received()).toMatch(/\r\n0\r\n\r\n$/))
    expect(entries.map(({ bytes }) => bytes)).toEqual([received().length])
  })
})

describe('a server that drains', () => {
  it('closes connections of the front that have no request, and answers once more on the others', async () => {
    const gateway = await serve({}, 3, 300)
    const idle = await client(gateway)
    const busy = await client(gateway)
    busy.socket.write(invocation(gateway, 'hello'))
    idle.socket.write(invocation(gateway, 'hello'))
    await eventually(() => expect(idle.received()).toContain('200 OK'))
    busy.socket.write(invocation(gateway, 'hello'))
    await eventually(() => expect(countOf(busy.received(), '200 OK')).toBe(1))
    await gateway.drain()
    await eventually(() => expect(countOf(busy.received(), '200 OK')).toBe(2))
    expect(busy.received()).toContain('Connection: close')
    await eventually(() => expect([idle.ended(), busy.ended()]).toEqual([true, true]))
  })
})
