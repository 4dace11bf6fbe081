import { describe, expect, it } from 'vitest'

import { deadAddress, httpContainer, socketContainer } from '../../../test/support/fake-container.ts'
import { invokedContainers, variant } from '../../../test/support/invoked-containers.ts'
import { talk } from '../../../test/support/raw-http.ts'

const { started, gatewayOf, mirror, answering, withContainer } = invokedContainers()

const LOGS =
  'See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws/sagemaker/Endpoints/iris in account 123456789012 for more information.'

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
