import { once } from 'node:events'
import { request } from 'node:http'

import { describe, expect, it } from 'vitest'

import { httpContainer } from '../../../test/support/fake-container.ts'

import { invokedContainers } from '../../../test/support/invoked-containers.ts'

const { started, mirror, answering, withContainer } = invokedContainers()

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
