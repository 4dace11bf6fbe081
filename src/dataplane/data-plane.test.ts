import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { askedDataPlane, collected, echo, streamed, variantOf } from '../../test/support/asked-data-plane.ts'
import { eventually } from '../../test/support/eventually.ts'
import { deadAddress, httpContainer, socketContainer } from '../../test/support/fake-container.ts'

import type { VariantRoute } from './route.ts'

const asked = askedDataPlane()
const { started, invoke } = asked

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
    expect(new Set(asked.unreachable)).toEqual(new Set(['i-0', 'i-2']))
    // Once it was found away it is left alone, so the 20 requests have not tried it 20 times.
    expect(asked.unreachable.length).toBeLessThan(5)
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
    expect(asked.unreachable.sort()).toEqual(['i-0', 'i-1'])
    expect(await invoke(variant, collected('x'))).toEqual({ failure: 'no-instance', body: '' })
    expect(asked.unreachable).toHaveLength(4)
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
    expect(asked.unreachable).toEqual([])
    await eventually(() => expect(container.open.size + other.open.size).toBe(0))
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
