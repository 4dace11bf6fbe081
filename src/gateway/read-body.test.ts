import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../../test/support/eventually.ts'
import { holdUp } from '../../test/support/hold-up.ts'
import { watchSilence } from './read-body.ts'

const SILENCE = 2_000

const running: { stop(): unknown }[] = []
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop()
})

interface Upload {
  readonly socket: Socket
  /** What the server has read of bodies. */
  read(): string
  readonly errors: Error[]
  received(): string
  closed(): boolean
}

/** A client that has sent the head of a request with a body of `length` bytes, to a server that watches and answers when it has it. */
async function upload(length: number): Promise<Upload> {
  let read = ''
  const errors: Error[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    try {
      for await (const part of watchSilence(request, SILENCE)) read += part
      response.end('whole')
    } catch (error) {
      errors.push(error as Error)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  running.push({
    stop: () => {
      socket.destroy()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  })
  let received = ''
  let closed = false
  socket.on('data', (part) => {
    received += part
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  socket.write(head(length))
  return { socket, read: () => read, errors, received: () => received, closed: () => closed }
}

const head = (length: number) => `PUT /object HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

describe('a body that is passed on as it comes', () => {
  it('breaks, and its connection ends without words, when its client falls silent', async () => {
    const { socket, read, errors, received, closed } = await upload(10)
    socket.write('hello')
    await eventually(() => expect(read()).toBe('hello'))
    const since = performance.now()
    await eventually(() => expect(closed()).toBe(true), 10_000)
    expect(performance.now() - since).toBeGreaterThan(SILENCE - 200)
    await eventually(() => expect(errors.map(({ name }) => name)).toEqual(['BodyAbortedError']))
    expect(received()).toBe('')
  })

  it('is read before it is judged, when the process was held up, and watched on', async () => {
    const { socket, read, errors, closed } = await upload(20)
    socket.write('hello')
    await eventually(() => expect(read()).toBe('hello'))
    await holdUp(4_000, socket, 'again')
    await eventually(() => expect(read()).toBe('helloagain'))
    expect([errors, closed()]).toEqual([[], false])
    await eventually(() => expect(closed()).toBe(true), 10_000)
    await eventually(() => expect(errors).toHaveLength(1))
  })

  it('is not held to the time for which the process was held up', async () => {
    const { socket, read, received } = await upload(10)
    socket.write('hell')
    await eventually(() => expect(read()).toBe('hell'))
    await holdUp(4_000, socket, '')
    // A client on the same machine was held up as well, and goes on when it can.
    await new Promise((resolve) => setTimeout(resolve, 200))
    socket.write('o more')
    await eventually(() => expect(received()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*whole/))
  })

  it('leaves its connection to the next request', async () => {
    const { socket, received, closed } = await upload(5)
    socket.write('hello')
    await eventually(() => expect(received()).toMatch(/whole/))
    await new Promise((resolve) => setTimeout(resolve, SILENCE * 1.3))
    expect(closed()).toBe(false)
    socket.write(`${head(5)}again`)
    await eventually(() => expect(received().split('whole')).toHaveLength(3))
  })
})
