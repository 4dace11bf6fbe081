import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../../../test/support/eventually.ts'
import {
  deadAddress,
  type FakeContainer,
  httpContainer,
  socketContainer,
} from '../../../test/support/fake-container.ts'
import {
  type GatewayOptions,
  type InvocationGateway,
  startInvocationGateway,
} from '../../../test/support/invocation-gateway.ts'
import { talk } from '../../../test/support/raw-http.ts'
import type { VariantRoute } from '../../dataplane/route.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const part of running.splice(0)) await part.stop()
})

async function started<T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> {
  running.push(await part)
  return part
}
const gatewayOf = (options?: GatewayOptions) => started(startInvocationGateway(options))

const variant = (container: { address: string }, over: Partial<VariantRoute> = {}): VariantRoute => ({
  name: 'AllTraffic',
  weight: 1,
  share: 1,
  strategy: 'RANDOM',
  instances: [{ id: 'i-1', address: container.address }],
  ...over,
})

/** A container that answers with what it was sent, headers and all. */
const mirror = () =>
  started(
    httpContainer((incoming, response) => {
      const parts: Buffer[] = []
      incoming.on('data', (part: Buffer) => parts.push(part))
      incoming.on('end', () => {
        const body = Buffer.concat(parts)
        response.end(
          JSON.stringify({ headers: incoming.headers, length: body.length, text: body.toString('latin1', 0, 100) }),
        )
      })
    }),
  )

const answering = (answer: string) =>
  started(socketContainer((socket) => socket.on('data', () => socket.write(Buffer.from(answer, 'latin1')))))

async function withContainer(container: FakeContainer, options?: GatewayOptions): Promise<InvocationGateway> {
  const gateway = await gatewayOf(options)
  gateway.route('iris', { variants: [variant(container)] })
  return gateway
}

const LOGS =
  'See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/iris in account 123456789012 for more information.'

describe('what reaches the container', () => {
  it('is the body and the headers of the contract, and nothing else of the caller’s', async () => {
    const gateway = await withContainer(await mirror())
    const answer = await gateway.invoke('iris', 'body', {
      'content-type': 'text/csv',
      accept: 'application/json',
      'content-encoding': 'gzip',
      cookie: 'a=b',
      'x-amzn-sagemaker-custom-attributes': 'c000b4f9-df62-4c85-a0bf-7c525f9104a4, x=y',
      'x-amzn-sagemaker-inference-id': 'id 1',
      'x-amzn-sagemaker-target-variant': 'AllTraffic',
      'x-forwarded-for': '10.0.0.1',
    })
    expect(answer.status).toBe(200)
    const { headers, text } = JSON.parse(answer.text)
    expect(text).toBe('body')
    expect(headers).toEqual({
      host: expect.any(String),
      'content-type': 'text/csv',
      accept: 'application/json',
      'content-length': '4',
      'x-amzn-sagemaker-custom-attributes': 'c000b4f9-df62-4c85-a0bf-7c525f9104a4, x=y',
      'x-amzn-sagemaker-inference-id': 'id 1',
    })
  })

  it.each([
    ['with a length', 20_000_000],
    ['without a length', 20_000_000],
    ['empty', 0],
  ])('is a body %s, signed or not', async (kind, length) => {
    const container = await mirror()
    for (const auth of ['verify', 'trust'] as const) {
      const gateway = await withContainer(container, { auth })
      const body = Buffer.alloc(length, 'b')
      const path = '/endpoints/iris/invocations'
      const headers = {
        ...gateway.signed(path, body),
        ...(kind === 'with a length' && { 'content-length': String(length) }),
      }
      const call = request({ port: gateway.port, path, method: 'POST', headers })
      call.end(body)
      const [response] = await once(call, 'response')
      let text = ''
      for await (const part of response) text += part
      expect(JSON.parse(text)).toMatchObject({ length })
    }
  })

  it('is nothing of a body whose signature is wrong', async () => {
    const container = await mirror()
    const gateway = await withContainer(container)
    const path = '/endpoints/iris/invocations'
    for (const length of [5, 1_000_000]) {
      const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
        method: 'POST',
        headers: gateway.signed(path, Buffer.alloc(length, 'a')),
        body: Buffer.alloc(length, 'b'),
      })
      expect(answer.status).toBe(403)
      expect(answer.headers.get('x-amzn-errortype')).toBe('InvalidSignatureException')
    }
    expect(container.connections()).toBe(0)
  })

  it('comes to the endpoint whatever encoding its name has in the path', async () => {
    const gateway = await withContainer(await mirror())
    for (const path of ['/endpoints/%69ris/invocations', '/endpoints/iri%73/invocations?x=1'])
      expect((await gateway.invoke(path)).status, path).toBe(200)
  })
})

describe('what reaches the caller', () => {
  it('is the body, the variant and the headers of the contract', async () => {
    const container = await answering(
      'HTTP/1.1 201 Created\r\nContent-Type: application/x-npy\r\nX-Amzn-SageMaker-Custom-Attributes: trace=1\r\nSet-Cookie: a=b\r\nServer: gunicorn\r\nContent-Length: 4\r\n\r\n\x00\xff\r\n',
    )
    const gateway = await withContainer(container)
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/endpoints/iris/invocations`, {
      method: 'POST',
      headers: gateway.signed('/endpoints/iris/invocations', 'x'),
      body: 'x',
    })
    expect(answer.status).toBe(200)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from([0, 255, 13, 10]))
    expect(Object.fromEntries(answer.headers)).toEqual({
      'content-type': 'application/x-npy',
      'content-length': '4',
      'x-amzn-sagemaker-custom-attributes': 'trace=1',
      'x-amzn-invoked-production-variant': 'AllTraffic',
      'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
      connection: 'keep-alive',
      'keep-alive': expect.any(String),
      date: expect.any(String),
    })
  })

  it.each([
    ['too long', 'a'.repeat(1025)],
    ['not ASCII', 'caf\xe9'],
  ])('is no custom attribute that is %s', async (_name, value) => {
    const answer = `HTTP/1.1 200 OK\r\nX-Amzn-SageMaker-Custom-Attributes: ${value}\r\nContent-Length: 2\r\n\r\nok`
    const gateway = await withContainer(await answering(answer))
    const { status, text, headers } = await gateway.invoke('iris')
    expect([status, text, headers.get('x-amzn-sagemaker-custom-attributes')]).toEqual([200, 'ok', null])
  })

  it('is all of an answer that is large, and empty of one that is empty', async () => {
    const large = 'l'.repeat(3_000_000)
    const answers = ['', 's', large, large]
    const container = await started(
      httpContainer((incoming, response) => {
        incoming.resume()
        incoming.on('end', () => {
          const next = answers.shift() ?? ''
          // One of the large ones is sent without a length.
          if (answers.length === 0) response.write('')
          response.end(next)
        })
      }),
    )
    const gateway = await withContainer(container)
    for (const length of [0, 1, 3_000_000, 3_000_000]) expect((await gateway.invoke('iris')).text).toHaveLength(length)
  })
})

describe('errors of the container', () => {
  it.each([
    [400, 'client', 'CLIENT_ERROR_FROM_MODEL'],
    [503, 'server', 'SERVER_ERROR_FROM_MODEL'],
    [302, 'client', 'CLIENT_ERROR_FROM_MODEL'],
  ])('status %i is a ModelError with its message', async (status, side, code) => {
    const gateway = await withContainer(
      await answering(`HTTP/1.1 ${status} Whatever\r\nContent-Length: 6\r\n\r\nn\xf6 "no`),
    )
    const answer = await gateway.invoke('iris')
    expect(answer.status).toBe(424)
    expect(answer.headers.get('x-amzn-errortype')).toBe('ModelError')
    const original = 'n\ufffd "no'
    const message = `Received ${side} error (${status}) from primary with message "${original}". ${LOGS}`
    expect(answer.json).toEqual({
      message,
      Message: message,
      OriginalStatusCode: status,
      OriginalMessage: original,
      LogStreamArn: 'arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/iris',
      ErrorCode: code,
    })
  })

  it('shows no more of a long message than its beginning', async () => {
    const container = await started(
      httpContainer((_incoming, response) => response.writeHead(500).end('m'.repeat(5_000_000))),
    )
    const { status, json } = await (await withContainer(container)).invoke('iris')
    expect(status).toBe(424)
    expect(json.OriginalMessage).toBe('m'.repeat(16 * 1024))
  })

  it('says that it took too long', async () => {
    const container = await started(socketContainer((socket) => socket.resume()))
    const gateway = await withContainer(container, { containerSeconds: 0.1 })
    const { status, json } = await gateway.invoke('iris')
    expect([status, json.OriginalStatusCode]).toEqual([424, 0])
    expect(json.Message).toBe(
      `Received server error (0) from primary with message "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.". ${LOGS}`,
    )
  })

  it.each([
    ['breaks before its answer', (socket) => socket.destroy(), 0],
    ['breaks in its answer', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal'), 200],
    ['answers no HTTP', (socket) => socket.end('how do you do?\r\n'), 0],
  ] as [string, (socket: import('node:net').Socket) => void, number][])(
    'says that it %s',
    async (_name, act, original) => {
      const container = await started(socketContainer((socket) => socket.on('data', () => act(socket))))
      const { status, json } = await (await withContainer(container)).invoke('iris')
      expect([status, json.OriginalStatusCode]).toEqual([424, original])
      expect(json.Message).toBe(
        `Received server error (${original}) from primary and could not load the entire response body. ${LOGS}`,
      )
    },
  )

  it('says that its answer is too large, or breaks off when the answer has begun', async () => {
    const announced = await started(httpContainer((_incoming, response) => response.end('x'.repeat(200_001))))
    const first = await (await withContainer(announced, { invocationBytes: 200_000 })).invoke('iris')
    expect([first.status, first.json.OriginalStatusCode]).toEqual([424, 0])
    expect(first.json.Message).toContain('larger than the limit of 200000 bytes')
    const counted = await started(
      httpContainer((_incoming, response) => {
        response.write('x'.repeat(150_000))
        setTimeout(() => response.end('x'.repeat(60_000)), 50)
      }),
    )
    await expect((await withContainer(counted, { invocationBytes: 200_000 })).invoke('iris')).rejects.toThrow()
  })

  it('says that no instance is there', async () => {
    const gateway = await gatewayOf()
    gateway.route('iris', { variants: [variant({ address: await deadAddress() })] })
    const { status, headers, json } = await gateway.invoke('iris')
    expect([status, headers.get('x-amzn-errortype')]).toEqual([503, 'ServiceUnavailable'])
    expect(json.Message).toContain('No instance of endpoint iris could be reached')
  })
})

describe('refusals', () => {
  it.each([
    ['an endpoint that is not there', 'nobody', {}, 'Endpoint nobody of account 123456789012 not found.'],
    ['a name in another case', 'IRIS', {}, 'Endpoint IRIS of account 123456789012 not found.'],
    [
      'a variant that is not there',
      'iris',
      { 'x-amzn-sagemaker-target-variant': 'B' },
      'Variant B was not found in endpoint iris.',
    ],
    [
      'a name that is none',
      '-iris',
      {},
      "1 validation error detected: Value '-iris' at 'endpointName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9])*",
    ],
    ['a name with a slash', 'a%2Fb', {}, "at 'endpointName'"],
    ['a name that is no encoding', '%zz', {}, "at 'endpointName'"],
    ['a name of 64 characters', 'a'.repeat(64), {}, 'Member must have length less than or equal to 63'],
    [
      'a content type of 1025 characters',
      'iris',
      { 'content-type': 'a'.repeat(1025) },
      "at 'contentType' failed to satisfy constraint: Member must have length less than or equal to 1024",
    ],
    [
      'an inference id of 65 characters',
      'iris',
      { 'x-amzn-sagemaker-inference-id': 'a'.repeat(65) },
      "at 'inferenceId'",
    ],
    ['a variant that is none', 'iris', { 'x-amzn-sagemaker-target-variant': 'a b' }, "Value 'a b' at 'targetVariant'"],
    ['a session id that is none', 'iris', { 'x-amzn-sagemaker-session-id': 'a_b' }, "at 'sessionId'"],
    [
      'a session that is not open',
      'iris',
      { 'x-amzn-sagemaker-session-id': 'abc' },
      'Session abc does not exist or has expired.',
    ],
    ['a target model', 'iris', { 'x-amzn-sagemaker-target-model': 'm.tar.gz' }, 'it is not a multi-model endpoint'],
    [
      'a target container',
      'iris',
      { 'x-amzn-sagemaker-target-container-hostname': 'c' },
      'is not configured for direct invocation',
    ],
    [
      'an inference component',
      'iris',
      { 'x-amzn-sagemaker-inference-component': 'c' },
      'it has no inference components',
    ],
    ['explanations', 'iris', { 'x-amzn-sagemaker-enable-explanations': '`true`' }, 'it has no explainer'],
  ] as [string, string, Record<string, string>, string][])('%s', async (_name, endpoint, headers, sentence) => {
    const container = await mirror()
    const gateway = await withContainer(container)
    const answer = await gateway.invoke(endpoint, 'x', headers)
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationError'])
    expect(answer.json.Message).toContain(sentence)
    expect(answer.json.message).toBe(answer.json.Message)
    expect(container.connections()).toBe(0)
  })

  it('variants without weight, and endpoints where nothing is hosted', async () => {
    const container = await mirror()
    const gateway = await gatewayOf()
    gateway.route('idle', { variants: [variant(container, { weight: 0 })] })
    gateway.route('none', { hosted: false, variants: [variant(container)] })
    expect((await gateway.invoke('idle')).json.Message).toContain('weight above zero')
    expect((await gateway.invoke('idle', 'x', { 'x-amzn-sagemaker-target-variant': 'AllTraffic' })).status).toBe(200)
    const none = await gateway.invoke('none')
    expect([none.status, none.json.OriginalStatusCode]).toEqual([424, 0])
    expect(none.json.Message).toContain('No container runs')
  })

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('%s on the path of an invocation', async (method) => {
    const container = await mirror()
    const gateway = await withContainer(container)
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/endpoints/iris/invocations`, {
      method,
      headers: gateway.signed('/endpoints/iris/invocations', ''),
    })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(container.connections()).toBe(0)
  })

  it('bytes above ASCII in a header', async () => {
    const container = await mirror()
    const gateway = await withContainer(container, { auth: 'trust' })
    const [answer] = await talk(
      gateway.port,
      Buffer.from(
        'POST /endpoints/iris/invocations HTTP/1.1\r\nHost: h\r\nAccept: caf\xe9\r\nContent-Length: 0\r\n\r\n',
        'latin1',
      ),
    )
    expect([answer?.status, answer?.headers.get('x-amzn-errortype')]).toEqual([400, 'ValidationError'])
    expect(container.connections()).toBe(0)
  })
})

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

describe('sessions', () => {
  const memory = () => {
    const sessions = new Map<string, string>()
    let blocked: Promise<void> | undefined
    return {
      sessions,
      block: (until: Promise<void> | undefined) => {
        blocked = until
      },
      find: async (key: string, id: string) => sessions.get(`${key} ${id}`),
      open: async (key: string, id: string, instance: string) => {
        await blocked
        sessions.set(`${key} ${id}`, instance)
      },
      close: async (key: string, id: string) => {
        sessions.delete(`${key} ${id}`)
      },
    }
  }

  const sessionServer = (name: string) =>
    started(
      httpContainer((incoming, response) => {
        incoming.resume()
        const id = incoming.headers['x-amzn-sagemaker-session-id']
        if (id === 'NEW_SESSION')
          response.setHeader('X-Amzn-SageMaker-New-Session-Id', `of-${name}; Expires=2999-01-01T00:00:00Z`)
        if (incoming.headers.accept === 'close') response.setHeader('X-Amzn-SageMaker-Closed-Session-Id', String(id))
        response.end(name)
      }),
    )

  const header = (id: string) => ({ 'x-amzn-sagemaker-session-id': id })

  it('stay with the instance that opened them, whichever variant it is of, until they are closed', async () => {
    const affinity = memory()
    const gateway = await gatewayOf({ sessions: affinity })
    const names = ['a', 'b', 'c']
    const servers = await Promise.all(names.map(sessionServer))
    const [a, b, c] = servers.map(({ address }, index) => ({ id: `i-${names[index]}`, address })) as never as [
      VariantRoute['instances'][0],
      VariantRoute['instances'][0],
      VariantRoute['instances'][0],
    ]
    const one = variant(servers[0]!, { name: 'one', instances: [a, b] })
    gateway.route('iris', { variants: [one, variant(servers[2]!, { name: 'two', instances: [c] })] })
    const opened = await gateway.invoke('iris', 'x', header('NEW_SESSION'))
    expect(opened.headers.get('x-amzn-sagemaker-new-session-id')).toBe(
      `of-${opened.text}; Expires=2999-01-01T00:00:00Z`,
    )
    for (let count = 0; count < 12; count++) {
      const answer = await gateway.invoke('iris', 'x', header(`of-${opened.text}`))
      expect(answer.text).toBe(opened.text)
      expect(answer.headers.get('x-amzn-invoked-production-variant')).toBe(
        opened.headers.get('x-amzn-invoked-production-variant'),
      )
    }
    const closed = await gateway.invoke('iris', 'x', { ...header(`of-${opened.text}`), accept: 'close' })
    expect(closed.headers.get('x-amzn-sagemaker-closed-session-id')).toBe(`of-${opened.text}`)
    expect((await gateway.invoke('iris', 'x', header(`of-${opened.text}`))).json.Message).toContain('does not exist')
  })

  it('are known before the caller learns of them, and end with their instance', async () => {
    const affinity = memory()
    const gateway = await gatewayOf({ sessions: affinity })
    gateway.route('iris', { variants: [variant(await sessionServer('a'))] })
    let release = () => {}
    affinity.block(
      new Promise((resolve) => {
        release = resolve
      }),
    )
    let answered = false
    const opening = gateway.invoke('iris', 'x', header('NEW_SESSION')).then((answer) => {
      answered = true
      return answer
    })
    expect((await gateway.invoke('iris')).text).toBe('a')
    expect(answered).toBe(false)
    release()
    expect((await opening).text).toBe('a')
    expect(affinity.sessions.size).toBe(1)
    gateway.route('iris', { variants: [variant(await sessionServer('b'), { instances: [] })] })
    await eventually(async () =>
      expect((await gateway.invoke('iris', 'x', header('of-a'))).json.Message).toContain('does not exist'),
    )
  })

  it('that cannot be recorded are not announced', async () => {
    const affinity = memory()
    const gateway = await gatewayOf({ sessions: affinity })
    gateway.route('iris', { variants: [variant(await sessionServer('a'))] })
    affinity.open = () => Promise.reject(new Error('storage is away'))
    const answer = await gateway.invoke('iris', 'x', header('NEW_SESSION'))
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('storage is away')
  })
})
