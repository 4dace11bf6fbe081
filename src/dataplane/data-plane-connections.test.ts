import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { askedDataPlane, collected, echo, streamed, textOf, variantOf } from '../../test/support/asked-data-plane.ts'
import { eventually } from '../../test/support/eventually.ts'
import { deafAddress, httpContainer, socketContainer } from '../../test/support/fake-container.ts'

const asked = askedDataPlane()
const { started, invoke } = asked

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
    asked.plane.close()
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
    expect(asked.unreachable).toEqual(['i-0'])
    expect(performance.now() - began).toBeGreaterThan(240)
    expect(performance.now() - began).toBeLessThan(900)
    await deaf.stop()
  })

  it('to accept a connection does not run while this worker is busy', async () => {
    const container = await started(httpContainer((_request, response) => response.end('here')))
    const invocation = invoke(variantOf(container.address), collected('x'))
    for (const until = performance.now() + 400; performance.now() < until; );
    expect(await invocation).toMatchObject({ status: 200, body: 'here' })
    expect(asked.unreachable).toEqual([])
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
