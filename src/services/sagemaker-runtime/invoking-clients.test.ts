import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../../test/support/eventually.ts'
import { httpContainer, socketContainer } from '../../../test/support/fake-container.ts'
import { invokedContainers } from '../../../test/support/invoked-containers.ts'
import { talk } from '../../../test/support/raw-http.ts'

const { started, mirror, withContainer } = invokedContainers()

describe('a body over the limit', () => {
  it.each(['verify', 'trust'] as const)(
    'is refused in words, although the client is still sending it (%s)',
    async (auth) => {
      const container = await mirror()
      const gateway = await withContainer(container, { auth, invocationBytes: 1_000_000 })
      const body = Buffer.alloc(8_000_000)
      const answer = await gateway.invoke('iris', body)
      expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationError'])
      expect(answer.json.Message).toBe('The request body is larger than the limit of 1000000 bytes.')
      const path = '/endpoints/iris/invocations'
      const call = request({ port: gateway.port, path, method: 'POST', headers: gateway.signed(path, body) })
      const errors: Error[] = []
      call.on('error', (error) => errors.push(error))
      call.end(body)
      const [response] = await once(call, 'response')
      expect(response.statusCode).toBe(400)
      response.resume()
      // All of the body is taken, so that the connection does not end with a reset.
      await once(response.socket, 'close')
      expect(errors).toEqual([])
      expect(container.connections()).toBe(0)
    },
  )

  it('does not fit when too many wait, and does when they have gone', async () => {
    const release: (() => void)[] = []
    const container = await started(
      httpContainer((incoming, response) => {
        incoming.resume()
        incoming.on('end', () => release.push(() => response.end('done')))
      }),
    )
    const gateway = await withContainer(container, { memoryBytes: 1_000_000 })
    const body = Buffer.alloc(400_000)
    const first = [gateway.invoke('iris', body), gateway.invoke('iris', body)]
    await eventually(() => expect(release).toHaveLength(2))
    expect(await gateway.invoke('iris', body)).toMatchObject({
      status: 503,
      json: { Message: expect.stringContaining('Try again') },
    })
    for (const answer of release.splice(0)) answer()
    expect((await Promise.all(first)).map(({ text }) => text)).toEqual(['done', 'done'])
    const later = gateway.invoke('iris', body)
    await eventually(() => expect(release).toHaveLength(1))
    release[0]?.()
    expect((await later).text).toBe('done')
  })
})

describe('clients', () => {
  it('that wait for 100 Continue get it', async () => {
    const gateway = await withContainer(await mirror())
    const path = '/endpoints/iris/invocations'
    const headers = { ...gateway.signed(path, 'hello'), expect: '100-continue', 'content-length': '5' }
    const call = request({ port: gateway.port, path, method: 'POST', headers })
    call.flushHeaders()
    await once(call, 'continue')
    call.end('hello')
    const [response] = await once(call, 'response')
    response.resume()
    expect(response.statusCode).toBe(200)
  })

  it('that send one request after another without waiting get their answers in order', async () => {
    const container = await started(
      httpContainer((incoming, response) => {
        let text = ''
        incoming.on('data', (part) => {
          text += part
        })
        incoming.on('end', () => setTimeout(() => response.end(text), text === 'first' ? 50 : 0))
      }),
    )
    const gateway = await withContainer(container, { auth: 'trust' })
    const one = (body: string) =>
      `POST /endpoints/iris/invocations HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    const chunked =
      'POST /endpoints/iris/invocations HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthi\r\n2\r\nrd\r\n0\r\n\r\n'
    const answers = await talk(gateway.port, one('first') + one('second') + chunked, { answers: 3 })
    expect(answers.map(({ body }) => body)).toEqual(['first', 'second', 'third'])
  })

  it('that go away in mid-request, waiting, or in mid-answer free the container within a second', async () => {
    const container = await started(
      socketContainer((socket) =>
        socket.on('data', (bytes) => {
          if (bytes.includes('answer'))
            socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n${'x'.repeat(200_000)}`)
        }),
      ),
    )
    const gateway = await withContainer(container, { auth: 'trust' })
    const head = 'POST /endpoints/iris/invocations HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n'
    for (const [sent, answered] of [
      [`${head}hal`, false],
      [`${head}silent`, false],
      [`${head}answer`, true],
    ] as const) {
      for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
        const client = connect(gateway.port, '127.0.0.1')
        client.on('error', () => {})
        client.write(sent)
        if (answered) await once(client, 'data')
        else client.resume()
        await eventually(() => expect(container.open.size).toBe(1))
        client[leave]()
        await eventually(() => expect(container.open.size, `${sent.slice(-6)}, ${leave}`).toBe(0), 1_000)
      }
    }
  })

  it('that send a little and go away do not keep their share of memory', async () => {
    const gateway = await withContainer(await mirror(), { memoryBytes: 1000 })
    const path = '/endpoints/iris/invocations'
    const headers = Object.entries(gateway.signed(path, 'x'.repeat(900)))
    const client = connect(gateway.port, '127.0.0.1')
    client.write(
      `POST ${path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}content-length: 900\r\n\r\nxxx`,
    )
    await eventually(async () => expect((await gateway.invoke('iris', 'y'.repeat(900))).status).toBe(503))
    client.destroy()
    await eventually(async () => expect((await gateway.invoke('iris', 'y'.repeat(900))).status).toBe(200))
  })

  it('with an answer before their body is sent may use the connection again', async () => {
    const container = await started(
      socketContainer((socket) =>
        socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly')),
      ),
    )
    const gateway = await withContainer(container, { auth: 'trust' })
    const head = (length: number) =>
      `POST /endpoints/iris/invocations HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`
    const answers = await talk(gateway.port, `${head(2_000_000)}some`, {
      answers: 2,
      afterFirst: `${'x'.repeat(1_999_996)}${head(2)}xx`,
    })
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, 'early'],
      [200, 'early'],
    ])
  })
})
