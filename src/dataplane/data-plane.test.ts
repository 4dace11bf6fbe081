import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.ts'
import {
  deadAddress,
  deafAddress,
  type FakeContainer,
  httpContainer,
  socketContainer,
} from '../../test/support/fake-container.ts'
import { DataPlane } from './data-plane.ts'
import type { Invocation, InvocationFailure, RunningInvocation } from './invocation.ts'
import type { InstanceRoute, VariantRoute } from './route.ts'

interface Outcome {
  status?: number
  headers?: ReadonlyMap<string, string>
  body: string
  failure?: InvocationFailure
}

let plane: DataPlane
let unreachable: string[]
const containers: FakeContainer[] = []

beforeEach(() => {
  unreachable = []
  plane = new DataPlane((instance) => unreachable.push(instance.id))
})
afterEach(async () => {
  plane.close()
  await Promise.all(containers.splice(0).map((container) => container.stop()))
})

async function started(container: Promise<FakeContainer>): Promise<FakeContainer> {
  containers.push(await container)
  return container
}

const variantOf = (...addresses: string[]): VariantRoute => ({
  name: 'AllTraffic',
  weight: 1,
  share: 1,
  strategy: 'RANDOM',
  instances: addresses.map((address, index): InstanceRoute => ({ id: `i-${index}`, address })),
})

const collected = (text: string): Pick<Invocation, 'body' | 'contentLength'> => ({
  body: { kind: 'collected', chunks: text === '' ? [] : [Buffer.from(text)] },
  contentLength: text.length,
})

const streamed = (stream: Readable, length?: number): Pick<Invocation, 'body' | 'contentLength'> => ({
  body: { kind: 'stream', stream, chunked: length === undefined },
  contentLength: length,
})

/** Sends one invocation and resolves with what became of it. `onPart` may pause it by returning false. */
function invoke(
  variant: VariantRoute,
  what: Partial<Invocation> & Pick<Invocation, 'body' | 'contentLength'>,
  onPart: (bytes: Buffer, running: RunningInvocation) => boolean = () => true,
): Promise<Outcome> & { running: RunningInvocation } {
  let running!: RunningInvocation
  const settled = new Promise<Outcome>((resolve) => {
    const outcome: Outcome = { body: '' }
    const settle = () => resolve(outcome)
    running = plane.invoke(
      variant,
      { headerLines: '', timeoutMilliseconds: 10_000, maxResponseBytes: 1e9, ...what },
      {
        onHead: (status, headers) => Object.assign(outcome, { status, headers }),
        onBody: (bytes) => {
          outcome.body += bytes.toString('latin1')
          return onPart(bytes, running)
        },
        onEnd: settle,
        onFailure: (failure) => {
          outcome.failure = failure
          settle()
        },
      },
    )
  })
  return Object.assign(settled, { running })
}

function textOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    request.setEncoding('latin1').on('data', (part: string) => {
      text += part
    })
    request.on('end', () => resolve(text))
  })
}

const echo = () =>
  httpContainer(async (request, response) => {
    const { method, url, headers } = request
    const body = await textOf(request)
    response.setHeader('X-Seen', JSON.stringify({ method, url, headers }))
    response.end(body)
  })

describe('a request', () => {
  it('goes to POST /invocations with the framing and the header lines it was given', async () => {
    const container = await started(echo())
    const outcome = await invoke(variantOf(container.address), {
      ...collected('hello'),
      headerLines: 'Content-Type: text/plain\r\n',
    })
    expect(outcome).toMatchObject({ status: 200, body: 'hello' })
    expect(JSON.parse(outcome.headers?.get('x-seen') ?? '')).toEqual({
      method: 'POST',
      url: '/invocations',
      headers: { host: container.address, 'content-length': '5', 'content-type': 'text/plain' },
    })
  })

  it('may be empty, of many parts, or a stream with and without a length', async () => {
    const container = await started(echo())
    const variant = variantOf(container.address)
    const parts = Array.from({ length: 300 }, (_, index) => Buffer.from(`${index};`.repeat(100)))
    const all = Buffer.concat(parts)
    const bodies = [
      collected(''),
      { body: { kind: 'collected', chunks: parts }, contentLength: all.length } as const,
      streamed(Readable.from(parts, { objectMode: false }), all.length),
      streamed(Readable.from(parts, { objectMode: false })),
      streamed(Readable.from([]), 0),
    ]
    const outcomes = []
    for (const body of bodies) outcomes.push((await invoke(variant, body)).body)
    expect(outcomes).toEqual(['', ...Array(3).fill(all.toString()), ''])
    expect(container.connections()).toBe(1)
  })

  it('uses one connection after another again, and as many as are needed at once', async () => {
    const container = await started(echo())
    const variant = variantOf(container.address)
    await Promise.all(Array.from({ length: 20 }, (_, index) => invoke(variant, collected(String(index)))))
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => invoke(variant, collected(String(index)))),
    )
    expect(outcomes.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, (_, index) => String(index)))
    expect(container.connections()).toBe(20)
  })
})

describe('an instance that is not there', () => {
  it('is passed over, and told of', async () => {
    const container = await started(echo())
    const variant = variantOf(await deadAddress(), container.address, await deadAddress())
    for (let count = 0; count < 20; count++)
      expect(await invoke(variant, collected('x'))).toMatchObject({ status: 200, body: 'x' })
    expect(new Set(unreachable)).toEqual(new Set(['i-0', 'i-2']))
    // Once it was found away it is left alone, so the 20 requests have not tried it 20 times.
    expect(unreachable.length).toBeLessThan(5)
  })

  it('is passed over with a streamed body, of which nothing is lost', async () => {
    const container = await started(echo())
    const dead = await deadAddress()
    const body = 'part '.repeat(50_000)
    for (let count = 0; count < 5; count++) {
      const outcome = await invoke(
        { ...variantOf(dead, container.address), strategy: 'LEAST_OUTSTANDING_REQUESTS' },
        streamed(Readable.from([Buffer.from(body)]), body.length),
      )
      expect(outcome).toMatchObject({ status: 200, body })
    }
  })

  it('is tried all the same when there is no other', async () => {
    const variant = variantOf(await deadAddress(), await deadAddress())
    expect(await invoke(variant, collected('x'))).toEqual({ failure: 'no-instance', body: '' })
    expect(unreachable.sort()).toEqual(['i-0', 'i-1'])
    expect(await invoke(variant, collected('x'))).toEqual({ failure: 'no-instance', body: '' })
    expect(unreachable).toHaveLength(4)
  })

  it('is no reason to wait when the variant has no instance at all', async () => {
    expect(await invoke(variantOf(), collected('x'))).toEqual({ failure: 'no-instance', body: '' })
  })
})

describe('a container that may have seen the request', () => {
  const seen: string[] = []
  const dropping = (when: (socket: Socket) => void) =>
    socketContainer((socket) =>
      socket.on('data', (bytes) => {
        seen.push(bytes.toString())
        when(socket)
      }),
    )
  beforeEach(() => {
    seen.length = 0
  })

  it.each([
    ['closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
    ['answers garbage', (socket) => socket.write('garbage\r\n\r\n')],
    ['answers with line feeds alone, and waits', (socket) => socket.write('HTTP/1.1 200 OK\nContent-Length: 2\n\nok')],
    ['answers in another protocol, and waits', (socket) => socket.write('SSH-2.0-')],
    [
      'ends a chunk with a line feed alone, and waits',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\n'),
    ],
    ['breaks off in the head', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-')],
    ['breaks off in the body', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')],
    [
      'breaks off between chunks',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'),
    ],
  ] as [string, (socket: Socket) => void][])('and %s is not asked twice, nor is another', async (_name, when) => {
    const container = await started(dropping(when))
    const other = await started(dropping(when))
    const outcome = await invoke(variantOf(container.address, other.address), collected('x'))
    expect(outcome.failure).toBe('broken')
    expect(seen).toHaveLength(1)
    expect(unreachable).toEqual([])
    await eventually(() => expect(container.open.size + other.open.size).toBe(0))
  })
})

describe('keeping connections', () => {
  const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

  it.each([
    ['says that it closes', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['speaks HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['sends more than its answer', `${OK}HTTP/1.1 200 OK\r\n`],
    ['keeps none for a second', 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok'],
  ])('ends with a container that %s', async (_name, answer) => {
    const container = await started(socketContainer((socket) => socket.on('data', () => socket.write(answer))))
    const variant = variantOf(container.address)
    for (let count = 0; count < 3; count++)
      expect(await invoke(variant, collected('x'))).toMatchObject({ status: 200, body: 'ok' })
    expect(container.connections()).toBe(3)
    await eventually(() => expect(container.open.size).toBe(0))
  })

  it('takes the end of the connection for the end of an answer without a length', async () => {
    const container = await started(
      socketContainer((socket) => socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'))),
    )
    expect(await invoke(variantOf(container.address), collected('x'))).toMatchObject({ body: 'until the end' })
  })

  it('ends when the container closes, or says something unasked, while nothing is under way', async () => {
    const sockets: Socket[] = []
    const container = await started(
      socketContainer((socket) => {
        sockets.push(socket)
        socket.on('data', () => socket.write(OK))
      }),
    )
    const variant = variantOf(container.address)
    await invoke(variant, collected('x'))
    sockets[0]?.end()
    await eventually(() => expect(container.open.size).toBe(0))
    expect(await invoke(variant, collected('x'))).toMatchObject({ status: 200 })
    sockets[1]?.write('HTTP/1.1 408 Request Timeout\r\n\r\n')
    await eventually(() => expect(container.open.size).toBe(0))
    expect(await invoke(variant, collected('x'))).toMatchObject({ status: 200 })
    expect(container.connections()).toBe(3)
  })

  it('ends before the container’s own patience does', async () => {
    const container = await started(echo())
    await Promise.all([1, 2, 3].map(() => invoke(variantOf(container.address), collected('x'))))
    expect(container.open.size).toBe(3)
    await eventually(() => expect(container.open.size).toBe(0), 5_000)
  })

  it('ends with the data plane', async () => {
    const container = await started(echo())
    await invoke(variantOf(container.address), collected('x'))
    plane.close()
    await eventually(() => expect(container.open.size).toBe(0), 1_000)
  })
})

describe('an answer that comes before the request is all sent', () => {
  const early = () =>
    socketContainer((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig')),
    )

  it('is passed on, and its connection not used again', async () => {
    const container = await started(early())
    const variant = variantOf(container.address)
    const large = Buffer.alloc(20_000_000)
    const body = { body: { kind: 'collected', chunks: [large] }, contentLength: large.length } as const
    for (let count = 0; count < 2; count++)
      expect(await invoke(variant, body)).toMatchObject({ status: 413, body: 'big' })
    expect(container.connections()).toBe(2)
    await eventually(() => expect(container.open.size).toBe(0))
  })

  it('leaves the rest of a stream to be thrown away', async () => {
    const container = await started(early())
    const chunk = Buffer.alloc(65_536)
    let read = 0
    const stream = new Readable({
      read() {
        read += chunk.length
        this.push(read > 50_000_000 ? null : chunk)
      },
    })
    const ended = new Promise<void>((resolve) => stream.once('end', resolve))
    expect(await invoke(variantOf(container.address), streamed(stream))).toMatchObject({ status: 413, body: 'big' })
    await ended
    await eventually(() => expect(container.open.size).toBe(0))
  })
})

describe('back pressure', () => {
  it('reads a streamed body no faster than the container does', async () => {
    let release = () => {}
    const container = await started(
      socketContainer((socket) => {
        socket.pause()
        release = () => {
          socket.resume()
        }
      }),
    )
    const chunk = Buffer.alloc(65_536)
    let read = 0
    const stream = new Readable({
      read() {
        read += chunk.length
        setImmediate(() => this.push(chunk))
      },
    })
    const invocation = invoke(variantOf(container.address), streamed(stream))
    let before = -1
    await eventually(() => {
      const settled = read === before && read > 0
      before = read
      expect(settled).toBe(true)
    }, 10_000)
    // What fits into the kernel's buffers, and little more.
    expect(before).toBeLessThan(16_000_000)
    release()
    await eventually(() => expect(read).toBeGreaterThan(before + 16_000_000))
    invocation.running.cancel()
    stream.destroy()
  })

  it('reads an answer no faster than the client does', async () => {
    const total = 100_000_000
    let written = 0
    const container = await started(
      httpContainer((request, response) => {
        request.resume()
        response.writeHead(200, { 'Content-Length': total })
        const chunk = Buffer.alloc(65_536)
        const more = () => {
          while (written < total) {
            const part = chunk.subarray(0, Math.min(chunk.length, total - written))
            written += part.length
            if (!response.write(part)) return
          }
          response.end()
        }
        response.on('drain', more)
        more()
      }),
    )
    let received = 0
    let paused = true
    const invocation = invoke(variantOf(container.address), collected('x'), (bytes) => {
      received += bytes.length
      return !paused
    })
    let before = -1
    await eventually(() => {
      const settled = written === before && received > 0
      before = written
      expect(settled).toBe(true)
    })
    expect(before).toBeLessThan(40_000_000)
    expect(received).toBeLessThan(200_000)
    paused = false
    invocation.running.resume()
    expect((await invocation).failure).toBeUndefined()
    expect(received).toBe(total)
  }, 20_000)
})

describe('the time a container has', () => {
  it('to accept a connection is 250 ms: then another is asked', async () => {
    const deaf = await deafAddress()
    const other = await started(httpContainer((_request, response) => response.end('here')))
    const variant = variantOf(deaf.address, other.address)
    const first = { ...variant, strategy: 'LEAST_OUTSTANDING_REQUESTS' as const }
    // Whichever comes first: one of two goes to the one that does not hear.
    const began = performance.now()
    const outcomes = await Promise.all([invoke(first, collected('a')), invoke(first, collected('b'))])
    expect(outcomes.map(({ status, body }) => [status, body])).toEqual([
      [200, 'here'],
      [200, 'here'],
    ])
    expect(unreachable).toEqual(['i-0'])
    expect(performance.now() - began).toBeGreaterThan(240)
    expect(performance.now() - began).toBeLessThan(900)
    await deaf.stop()
  })

  it('to accept a connection does not run while this worker is busy', async () => {
    const container = await started(httpContainer((_request, response) => response.end('here')))
    const invocation = invoke(variantOf(container.address), collected('x'))
    for (const until = performance.now() + 400; performance.now() < until; );
    expect(await invocation).toMatchObject({ status: 200, body: 'here' })
    expect(unreachable).toEqual([])
  })

  it('is over when it accepts and says nothing', async () => {
    const container = await started(socketContainer((socket) => socket.resume()))
    const outcome = await invoke(variantOf(container.address), { ...collected('x'), timeoutMilliseconds: 100 })
    expect(outcome).toEqual({ failure: 'timed-out', body: '' })
    await eventually(() => expect(container.open.size).toBe(0), 1_000)
  })

  it('is over when it dribbles', async () => {
    const container = await started(
      socketContainer((socket) => {
        socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n'))
        const timer = setInterval(() => socket.write('x'), 10)
        socket.on('close', () => clearInterval(timer))
      }),
    )
    const outcome = await invoke(variantOf(container.address), { ...collected('x'), timeoutMilliseconds: 200 })
    expect(outcome).toMatchObject({ failure: 'timed-out', status: 200 })
  })

  it('starts anew with what a slow client sends and takes', async () => {
    const container = await started(
      httpContainer(async (request, response) => {
        await textOf(request)
        response.end('x'.repeat(5_000_000))
      }),
    )
    async function* slowly() {
      for (let count = 0; count < 6; count++) {
        yield Buffer.from('x')
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    const outcome = await invoke(
      variantOf(container.address),
      { ...streamed(Readable.from(slowly())), timeoutMilliseconds: 400 },
      (_bytes, running) => {
        setTimeout(() => running.resume(), 5)
        return false
      },
    )
    expect(outcome.failure).toBeUndefined()
    expect(outcome.body).toHaveLength(5_000_000)
  })
})

it('refuses an answer that is larger than allowed, announced or not', async () => {
  const announced = await started(httpContainer((_request, response) => response.end('x'.repeat(1001))))
  const counted = await started(
    httpContainer((_request, response) => {
      response.write('x'.repeat(600))
      response.end('x'.repeat(401))
    }),
  )
  const exact = await started(httpContainer((_request, response) => response.end('x'.repeat(1000))))
  const limited = { ...collected('x'), maxResponseBytes: 1000 }
  expect(await invoke(variantOf(announced.address), limited)).toEqual({ failure: 'too-large', body: '' })
  expect(await invoke(variantOf(counted.address), limited)).toMatchObject({ failure: 'too-large' })
  expect(await invoke(variantOf(exact.address), limited)).toMatchObject({ status: 200, body: 'x'.repeat(1000) })
})

it('cuts a refusal short that does not end, and takes it for what it is', async () => {
  const container = await started(
    socketContainer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n')
        const timer = setInterval(() => socket.write(`10000\r\n${'n'.repeat(65_536)}\r\n`), 1)
        socket.on('close', () => clearInterval(timer))
      })
    }),
  )
  const long = await started(httpContainer((_request, response) => response.writeHead(500).end('n'.repeat(2_000_000))))
  for (const [{ address }, status] of [
    [container, 400],
    [long, 500],
  ] as const) {
    const outcome = await invoke(variantOf(address), { ...collected('x'), maxResponseBytes: 1000 })
    expect(outcome).toMatchObject({ status, body: expect.stringMatching(/^n+$/) })
    expect(outcome.failure).toBeUndefined()
    expect(outcome.body.length).toBeLessThanOrEqual(1024 * 1024)
  }
  await eventually(() => expect([container.open.size, long.open.size]).toEqual([0, 0]))
})

describe('a client that goes away', () => {
  it('frees the container that has not answered yet', async () => {
    const container = await started(socketContainer((socket) => socket.resume()))
    const { running } = invoke(variantOf(container.address), collected('x'))
    await eventually(() => expect(container.open.size).toBe(1))
    running.cancel()
    await eventually(() => expect(container.open.size).toBe(0), 1_000)
  })

  it('frees the container in mid-answer, paused or not', async () => {
    const container = await started(
      socketContainer((socket) =>
        socket.on('data', () =>
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n${'x'.repeat(1000)}`),
        ),
      ),
    )
    for (const more of [true, false]) {
      let parts = 0
      const { running } = invoke(variantOf(container.address), collected('x'), () => {
        parts++
        return more
      })
      await eventually(() => expect(parts).toBeGreaterThan(0))
      running.cancel()
      await eventually(() => expect(container.open.size).toBe(0), 1_000)
    }
  })

  it('frees the container in mid-request', async () => {
    const container = await started(socketContainer((socket) => socket.resume()))
    const stream = new Readable({ read() {} })
    stream.push('x')
    const outcome = invoke(variantOf(container.address), streamed(stream, 1000))
    await eventually(() => expect(container.open.size).toBe(1))
    stream.destroy(new Error('gone'))
    expect((await outcome).failure).toBe('broken')
    await eventually(() => expect(container.open.size).toBe(0), 1_000)
  })
})

it('prefers the instance with the fewest requests under way, where the variant says so', async () => {
  const held: (() => void)[] = []
  const slow = await started(httpContainer((_request, response) => held.push(() => response.end('slow'))))
  const fast = await started(httpContainer((_request, response) => response.end('fast')))
  const slowOnly = variantOf(slow.address)
  const both: VariantRoute = {
    ...variantOf(slow.address, fast.address),
    strategy: 'LEAST_OUTSTANDING_REQUESTS',
  }
  const waiting = invoke(slowOnly, collected('x'))
  await eventually(() => expect(held).toHaveLength(1))
  for (let count = 0; count < 10; count++) expect((await invoke(both, collected('x'))).body).toBe('fast')
  held[0]?.()
  expect((await waiting).body).toBe('slow')
})

it('tells a failure of its own from one of the container', async () => {
  const container = await started(
    httpContainer((request, response) => void request.resume().on('end', () => response.end('x'))),
  )
  const outcome = await invoke(variantOf(container.address), collected('a'), () => {
    throw new Error('a bug')
  })
  expect(outcome).toMatchObject({ status: 200, failure: 'internal' })
  await eventually(() => expect(container.open.size).toBe(0))
})
