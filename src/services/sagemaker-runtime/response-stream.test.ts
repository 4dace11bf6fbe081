import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import type { Socket } from 'node:net'
import { InvokeEndpointWithResponseStreamCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../../../test/support/eventually.ts'
import {
  deadAddress,
  type FakeContainer,
  httpContainer,
  socketContainer,
} from '../../../test/support/fake-container.ts'
import {
  CREDENTIALS,
  type GatewayOptions,
  type InvocationGateway,
  startInvocationGateway,
} from '../../../test/support/invocation-gateway.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const part of running.splice(0).reverse()) await part.stop()
})

async function started<T extends { stop(): Promise<void> }>(part: Promise<T>): Promise<T> {
  running.push(await part)
  return part
}

const PATH = '/endpoints/chat/invocations-response-stream'

async function gatewayTo(address: string, options?: GatewayOptions): Promise<InvocationGateway> {
  const gateway = await started(startInvocationGateway(options))
  const instances = [{ id: 'i-1', address }]
  gateway.route('chat', { variants: [{ name: 'v', weight: 1, share: 1, strategy: 'RANDOM', instances }] })
  return gateway
}

/** A container whose answer the test writes by hand. */
async function spoken(): Promise<{ container: FakeContainer; asked: Promise<Socket> }> {
  let tell!: (socket: Socket) => void
  const asked = new Promise<Socket>((resolve) => {
    tell = resolve
  })
  const container = await started(socketContainer((socket) => socket.once('data', () => tell(socket))))
  return { container, asked }
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n'
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

const sdk = ({ port }: InvocationGateway) =>
  new SageMakerRuntimeClient({ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials: CREDENTIALS })

const invoke = (gateway: InvocationGateway, input: object = {}) =>
  sdk(gateway).send(new InvokeEndpointWithResponseStreamCommand({ EndpointName: 'chat', Body: 'hello', ...input }))

type Stream = NonNullable<Awaited<ReturnType<typeof invoke>>['Body']>

async function partsOf(stream: Stream): Promise<string[]> {
  const parts: string[] = []
  for await (const { PayloadPart: part } of stream) parts.push(Buffer.from(part?.Bytes ?? []).toString())
  return parts
}

describe('a response stream', () => {
  it('carries each part when it comes, with the headers of the container', async () => {
    const { container, asked } = await spoken()
    const gateway = await gatewayTo(container.address)
    const answering = invoke(gateway, { Accept: 'text/plain', ContentType: 'text/csv', CustomAttributes: 'a=b' })
    const socket = await asked
    socket.write(HEAD.replace('\r\n\r\n', '\r\nX-Amzn-SageMaker-Custom-Attributes: c=d\r\n\r\n'))
    // The SDK tells of no answer before its first event.
    socket.write(chunk('one'))
    const answer = await answering
    expect(answer).toMatchObject({ ContentType: 'text/plain', InvokedProductionVariant: 'v', CustomAttributes: 'c=d' })
    const events = answer.Body![Symbol.asyncIterator]()
    const heard = async () => Buffer.from((await events.next()).value.PayloadPart.Bytes).toString()
    expect(await heard()).toBe('one')
    for (const text of ['two', 'three']) {
      // The next is only said when the last has been heard: nothing waits for more.
      socket.write(chunk(text))
      expect(await heard()).toBe(text)
    }
    socket.write('0\r\n\r\n')
    expect((await events.next()).done).toBe(true)
  })

  it('asks the container for what the caller accepts, not for events', async () => {
    const container = await started(
      httpContainer((incoming, response) => {
        incoming.resume().on('end', () => response.end(JSON.stringify(incoming.headers)))
      }),
    )
    const gateway = await gatewayTo(container.address)
    const { Body } = await invoke(gateway, { Accept: 'application/jsonl', InferenceId: 'id-1' })
    const headers = JSON.parse((await partsOf(Body!)).join(''))
    expect(headers).toMatchObject({ accept: 'application/jsonl', 'x-amzn-sagemaker-inference-id': 'id-1' })
    expect(headers['x-amzn-sagemaker-accept']).toBeUndefined()
  })

  it('of many megabytes comes whole through a slow reader', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'z')
    const container = await started(
      httpContainer(async (incoming, response) => {
        incoming.resume()
        for (let count = 0; count < 40; count++) if (!response.write(piece)) await once(response, 'drain')
        response.end()
      }),
    )
    const gateway = await gatewayTo(container.address, { invocationBytes: 1024 * 1024 })
    let size = 0
    for await (const { PayloadPart: part } of (await invoke(gateway)).Body!) {
      size += part!.Bytes!.length
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(size).toBe(40 * piece.length)
  })
})

it.each([
  ['invocations-response-stream', true],
  ['invocations-response-stream', false],
  ['invocations', true],
  ['invocations', false],
])(
  'thousands of parts in one read come whole through a slow reader (%s, front: %s)',
  async (operation, withFront) => {
    const warnings: string[] = []
    const warned = ({ message }: Error) => warnings.push(message)
    process.on('warning', warned)
    const count = 200_000
    const container = await started(
      socketContainer((socket) =>
        socket.once('data', () => socket.write(`${HEAD}${'1\r\nz\r\n'.repeat(count)}0\r\n\r\n`)),
      ),
    )
    const gateway = await gatewayTo(container.address, withFront ? {} : { withoutFront: true })
    const path = `/endpoints/chat/${operation}`
    const call = request({ port: gateway.port, path, method: 'POST', headers: gateway.signed(path, 'hello') })
    call.end('hello')
    const [response] = await once(call, 'response')
    let size = 0
    let parts = 0
    for await (const bytes of response as AsyncIterable<Buffer>) {
      size += bytes.length
      parts += bytes.toString('latin1').split('PayloadPart').length - 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    process.off('warning', warned)
    if (operation === 'invocations') expect(size).toBe(count)
    // Some of the words are cut between two reads.
    else expect(parts).toBeGreaterThan(count * 0.99)
    expect(warnings).toEqual([])
  },
  30_000,
)

describe('a stream that goes wrong', () => {
  it.each([
    [400, 'CLIENT_ERROR_FROM_MODEL'],
    [503, 'SERVER_ERROR_FROM_MODEL'],
  ])('before it has begun is a ModelError: status %s', async (status, ErrorCode) => {
    const container = await started(
      httpContainer(
        (incoming, response) => void incoming.resume().on('end', () => response.writeHead(status).end('no')),
      ),
    )
    const gateway = await gatewayTo(container.address)
    await expect(invoke(gateway)).rejects.toMatchObject({
      name: 'ModelError',
      OriginalStatusCode: status,
      OriginalMessage: 'no',
      $metadata: { httpStatusCode: 424 },
    })
    const { json } = await gateway.invoke(PATH)
    expect(json.ErrorCode).toBe(ErrorCode)
  })

  it('because no instance is there is unavailable', async () => {
    const gateway = await gatewayTo(await deadAddress())
    expect(await gateway.invoke(PATH)).toMatchObject({
      status: 503,
      json: { Message: expect.stringContaining('could be reached') },
    })
  })

  it('when the container breaks off ends in ModelStreamError, StreamBroken', async () => {
    const { container, asked } = await spoken()
    const answering = invoke(await gatewayTo(container.address))
    const socket = await asked
    socket.write(HEAD + chunk('first'))
    const events = (await answering).Body![Symbol.asyncIterator]()
    expect(Buffer.from((await events.next()).value.PayloadPart.Bytes).toString()).toBe('first')
    socket.destroy()
    await expect(events.next()).rejects.toMatchObject({ name: 'ModelStreamError', ErrorCode: 'StreamBroken' })
  })

  it('when the container takes too long ends in ModelInvocationTimeExceeded', async () => {
    const { container, asked } = await spoken()
    const answering = invoke(await gatewayTo(container.address, { streamSeconds: 0.2 }))
    const socket = await asked
    socket.write(HEAD + chunk('first'))
    const events = (await answering).Body![Symbol.asyncIterator]()
    await events.next()
    await expect(events.next()).rejects.toMatchObject({
      name: 'ModelStreamError',
      ErrorCode: 'ModelInvocationTimeExceeded',
    })
    await eventually(() => expect(socket.destroyed || socket.readableEnded || container.open.size === 0).toBe(true))
  })

  it.each([true, false])('by a fault of the server ends in InternalStreamFailure (front: %s)', async (withFront) => {
    const { container, asked } = await spoken()
    const sessions = {
      find: async () => undefined,
      open: async () => {
        throw new Error('no storage')
      },
      close: async () => {},
    }
    const answering = invoke(await gatewayTo(container.address, { sessions, withoutFront: !withFront }))
    const socket = await asked
    socket.write(HEAD.replace('\r\n\r\n', '\r\nX-Amzn-SageMaker-New-Session-Id: s-1\r\n\r\n'))
    await expect(answering.then(({ Body }) => partsOf(Body!))).rejects.toMatchObject({
      name: 'InternalStreamFailure',
      message: expect.not.stringContaining('storage'),
    })
    await eventually(() => expect(container.open.size).toBe(0))
  })

  it('because the client has left frees the container’s request', async () => {
    const { container, asked } = await spoken()
    const gateway = await gatewayTo(container.address)
    const body = 'hello'
    const client: ClientRequest = request({
      host: '127.0.0.1',
      port: gateway.port,
      path: PATH,
      method: 'POST',
      headers: { ...gateway.signed(PATH, body), 'content-length': body.length },
    })
    client.on('error', () => {})
    client.end(body)
    const socket = await asked
    socket.write(HEAD + chunk('first'))
    const [response] = await once(client, 'response')
    await once(response, 'data')
    client.destroy()
    await eventually(() => expect(container.open.size).toBe(0), 1_000)
  })

  it('cannot open a session, and says so', async () => {
    const gateway = await gatewayTo(await deadAddress())
    const answer = await gateway.invoke(PATH, 'x', { 'x-amzn-sagemaker-session-id': 'NEW_SESSION' })
    expect([answer.status, answer.json.Message]).toEqual([
      400,
      expect.stringContaining("Value 'NEW_SESSION' at 'sessionId' failed"),
    ])
  })

  it('with a wrong signature reaches no container', async () => {
    const { container } = await spoken()
    const gateway = await gatewayTo(container.address)
    const headers = { ...gateway.signed(PATH, 'other') }
    const answer = await fetch(`http://127.0.0.1:${gateway.port}${PATH}`, { method: 'POST', headers, body: 'hello' })
    expect(answer.status).toBe(403)
    expect(container.connections()).toBe(0)
  })
})
