import { request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpServer, drainHttpServer, type HttpTimes } from './http-server.ts'

const running: Server[] = []
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function serve(handle: Handler, times: Partial<HttpTimes> = {}): Promise<{ server: Server; port: number }> {
  const server = createHttpServer(handle, { head: 30_000, check: 50, idle: 30_000, ...times })
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

/** All that comes until the server closes the connection. */
function untilClosed(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(text))
  })
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('createHttpServer', () => {
  it('gives up on a head that comes drop by drop: 408', async () => {
    const { port } = await serve(() => {}, { head: 200 })
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\n')
    const drops = setInterval(() => socket.write('A: b\r\n'), 50)
    const text = await untilClosed(socket)
    clearInterval(drops)
    expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*"__type":"BadRequestException"/)
  })

  it('keeps an idle connection for its time only', async () => {
    const { port } = await serve((_request, response) => response.end('ok'), { idle: 100 })
    const socket = connect(port, '127.0.0.1')
    socket.write(GET)
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  it('does not write into an answer that has begun when nonsense follows its request', async () => {
    let answer: ServerResponse | undefined
    const { port } = await serve((_request, response) => {
      answer = response
      response.writeHead(200, { 'Content-Length': '10' })
      response.write('12345')
    })
    const socket = connect(port, '127.0.0.1')
    socket.write(GET)
    const text = untilClosed(socket)
    await new Promise<void>((resolve) => socket.once('data', () => resolve()))
    socket.write('nonsense\r\n\r\n')
    expect(await text).toMatch(/\r\n\r\n12345$/)
    expect(answer?.destroyed).toBe(true)
  })

  it('does not answer nonsense in the place of the request before it', async () => {
    const { port } = await serve(() => {})
    const socket = connect(port, '127.0.0.1')
    socket.write(`${GET}nonsense\r\n\r\n`)
    expect(await untilClosed(socket)).toBe('')
  })

  it('sends 100 Continue when somebody reads, and not when nobody does', async () => {
    const { port } = await serve((request, response) => {
      if (request.url === '/unread') response.end('refused')
      else request.resume().on('end', () => response.end('taken'))
    })
    const send = (path: string): Promise<{ continued: boolean; text: string }> =>
      new Promise((resolve, reject) => {
        const headers = { Expect: '100-continue', 'Content-Length': 3 }
        const outgoing = httpRequest({ port, path, method: 'PUT', headers, agent: false })
        let continued = false
        outgoing.on('continue', () => {
          continued = true
          outgoing.end('abc')
        })
        outgoing.on('response', (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => {
            text += part
          })
          response.on('end', () => {
            outgoing.destroy()
            resolve({ continued, text })
          })
        })
        outgoing.on('error', reject)
        outgoing.flushHeaders()
      })
    expect(await send('/read')).toEqual({ continued: true, text: 'taken' })
    expect(await send('/unread')).toEqual({ continued: false, text: 'refused' })
  })
})

describe('drainHttpServer', () => {
  it('answers what is running, closes what is kept, and takes nothing new', async () => {
    let release: (() => void) | undefined
    const { server, port } = await serve((request, response) => {
      if (request.url === '/slow') release = () => response.end('slow')
      else response.end('fast')
    })
    const idle = connect(port, '127.0.0.1')
    idle.write(GET)
    const idleText = untilClosed(idle)
    await new Promise<void>((resolve) => idle.once('data', () => resolve()))
    const busy = connect(port, '127.0.0.1')
    busy.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
    const busyText = untilClosed(busy)
    await expect.poll(() => release).toBeDefined()

    const drained = drainHttpServer(server, { closeIdle: () => {} })
    expect(await idleText).toContain('fast')
    await expect(
      new Promise((resolve, reject) => connect(port, '127.0.0.1').on('connect', resolve).on('error', reject)),
    ).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    release?.()
    expect(await busyText).toContain('slow')
    await drained
  })
})
