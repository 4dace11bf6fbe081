import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { signRequest } from '../../src/wire/sigv4/sign.ts'
import { talk } from '../support/raw-http.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { workerPids } from '../support/worker-pids.ts'

let slipway: Slipway
let workers: readonly number[]

beforeAll(async () => {
  slipway = await startSlipway()
  workers = workerPids(slipway)
})
afterAll(() => slipway?.stop())
afterEach(async () => {
  const health = await fetch(`${slipway.url}/_slipway/health`)
  expect(health.status).toBe(200)
  expect(workerPids(slipway)).toEqual(workers)
  expect(slipway.process.output()).not.toMatch(/a request failed|could not be answered|uncaught/)
})

const HOST = 'Host: 127.0.0.1'
const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`

describe('requests that are no HTTP', () => {
  it.each([
    ['words', head('how do you do')],
    ['a TLS greeting', Buffer.from('16030100c8010000c40303', 'hex').toString('latin1')],
    ['a method in lower case', head('get / HTTP/1.1', HOST)],
    ['an unknown version', head('GET / HTTP/9.9', HOST)],
    ['a space in the target', head('GET /a b HTTP/1.1', HOST)],
    ['a bare line feed after the head', `GET / HTTP/1.1\n${HOST}\n\n`],
    ['a bare line feed within the head', `GET / HTTP/1.1\r\n${HOST}\r\nA: b\nC: d\r\n\r\n`],
    ['a bare carriage return', `GET / HTTP/1.1\r\n${HOST}\r\nA: b\rC: d\r\n\r\n`],
    ['a null byte in a header', head('GET / HTTP/1.1', HOST, 'A: b\0c')],
    ['a null byte in the target', head('GET /\0 HTTP/1.1', HOST)],
    ['a header without a name', head('GET / HTTP/1.1', HOST, ': b')],
    ['a space before the colon', head('GET / HTTP/1.1', HOST, 'Content-Length : 4')],
    ['two lengths', `${head('POST / HTTP/1.1', HOST, 'Content-Length: 4', 'Content-Length: 5')}abcde`],
    [
      'a length and chunks',
      `${head('POST / HTTP/1.1', HOST, 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    ],
    [
      'chunks and a length',
      `${head('POST / HTTP/1.1', HOST, 'Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n`,
    ],
    ['a length in hex', head('POST / HTTP/1.1', HOST, 'Content-Length: 0x4')],
    ['a negative length', head('POST / HTTP/1.1', HOST, 'Content-Length: -1')],
    ['a length with a plus', head('POST / HTTP/1.1', HOST, 'Content-Length: +4')],
    ['a length beyond all numbers', head('POST / HTTP/1.1', HOST, 'Content-Length: 99999999999999999999999')],
    ['chunked that is not last', head('POST / HTTP/1.1', HOST, 'Transfer-Encoding: chunked, identity')],
    ['no host', head('GET / HTTP/1.1')],
    ['the target *', head('OPTIONS * HTTP/1.1', HOST)],
    ['a target that is no path', head('GET s3:x HTTP/1.1', HOST)],
    ['another host in the target', head('GET http://elsewhere/_slipway/health HTTP/1.1', HOST)],
  ])('%s: 400', async (_name, bytes) => {
    const answers = await talk(slipway.port, bytes)
    expect(answers).toHaveLength(1)
    const [{ status, headers, body }] = answers as [(typeof answers)[number]]
    expect(status).toBe(400)
    expect(headers.get('content-type')).toBe('application/json')
    expect(JSON.parse(body)).toEqual({ __type: 'BadRequestException', message: expect.any(String) })
  })

  it.each([
    ['one header', head('GET / HTTP/1.1', HOST, `A: ${'a'.repeat(70_000)}`)],
    ['many headers', head('GET / HTTP/1.1', HOST, ...Array.from({ length: 9_000 }, (_, index) => `A${index}: b`))],
    ['the target', head(`GET /${'a'.repeat(70_000)} HTTP/1.1`, HOST)],
  ])('a head that is too large for %s: 431', async (_name, bytes) => {
    const [answer] = await talk(slipway.port, bytes)
    expect(answer?.status).toBe(431)
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ __type: 'BadRequestException' })
  })

  it('CONNECT: 405', async () => {
    const [answer] = await talk(slipway.port, head('CONNECT 127.0.0.1:22 HTTP/1.1', HOST))
    expect([answer?.status, JSON.parse(answer?.body ?? '').__type]).toEqual([405, 'BadRequestException'])
  })

  it('an expectation that nobody knows: 417', async () => {
    const [answer] = await talk(slipway.port, head('PUT /b/k HTTP/1.1', HOST, 'Expect: 200-ok', 'Content-Length: 3'))
    expect([answer?.status, JSON.parse(answer?.body ?? '').__type]).toEqual([417, 'BadRequestException'])
  })

  it('an Upgrade is not followed', async () => {
    const [answer] = await talk(
      slipway.port,
      head('GET /_slipway/health HTTP/1.1', HOST, 'Connection: Upgrade', 'Upgrade: websocket'),
    )
    expect(answer?.status).toBe(200)
  })
})

describe('requests that break off or do not end', () => {
  const signedPut = (path: string, extra: Record<string, string>, literal = 'UNSIGNED-PAYLOAD') => {
    const headers = { host: `127.0.0.1:${slipway.port}`, ...extra }
    const { accessKeyId, secretAccessKey, region } = slipway
    const signed = signRequest(
      { method: 'PUT', target: path, headers },
      { literal },
      {
        credentials: { accessKeyId, secretAccessKey },
        region,
        service: 's3',
        now: Date.now(),
      },
    )
    return [`PUT ${path} HTTP/1.1`, ...Object.entries(signed).map(([name, value]) => `${name}: ${value}`)]
  }

  it('a chunk that is no chunk, of a bucket that is not there, gets one answer', async () => {
    const lines = signedPut('/no-such-bucket/k', {})
    const bytes = `${head(...lines, 'Transfer-Encoding: chunked')}zz\r\nabc`
    const answers = await talk(slipway.port, bytes)
    expect(answers.map(({ status }) => [400, 404].includes(status))).toEqual([true])
  })

  it('aws-chunked framing that is broken, for a request that is refused before it is read', async () => {
    const lines = signedPut(
      '/no-such-bucket/k',
      { 'x-amz-decoded-content-length': '5', 'x-amz-trailer': 'x-amz-checksum-crc32' },
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    )
    const [answer] = await talk(slipway.port, `${head(...lines, 'Content-Length: 20')}nonsense is no frame`)
    expect(answer?.status).toBe(404)
    expect(answer?.body).toContain('<Code>NoSuchBucket</Code>')
  })

  it('a request that is refused by its head is answered without its body', async () => {
    const bytes = `${head(...signedPut('/no-such-bucket/k', {}), 'Content-Length: 1000')}abc`
    expect(await talk(slipway.port, bytes)).toMatchObject([{ status: 404 }])
  })

  it('a refused request with Expect: 100-continue is never told to send its body', async () => {
    const lines = signedPut('/no-such-bucket/k', {})
    const answers = await talk(slipway.port, head(...lines, 'Expect: 100-continue', 'Content-Length: 5000000000'))
    expect(answers.map(({ status }) => status)).toEqual([404])
    expect(answers[0]?.headers.get('connection')).toBe('close')
  })

  it('an accepted one is told to, and answered', async () => {
    const made = await talk(slipway.port, head(...signedPut('/expectant', {}), 'Content-Length: 0'))
    expect(made[0]?.status).toBe(200)
    const lines = signedPut('/expectant/k', {})
    const answers = await talk(slipway.port, head(...lines, 'Expect: 100-continue', 'Content-Length: 3'), {
      answers: 2,
      afterFirst: 'abc',
    })
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [100, ''],
      [200, ''],
    ])
  })

  it('a client that sends more than is wanted reads its answer before the connection ends', async () => {
    const lines = ['POST / HTTP/1.1', HOST, 'X-Amz-Target: SageMaker.ListModels', 'Content-Length: 20000000']
    const body = Buffer.concat([Buffer.from(head(...lines)), Buffer.alloc(20_000_000, 0x20)])
    const [answer] = await talk(slipway.port, body)
    expect(answer?.status).toBe(400)
    expect(JSON.parse(answer?.body ?? '').__type).toBe('MissingAuthenticationTokenException')
    expect(answer?.headers.get('connection')).toBe('close')
  })

  it('pipelined requests are answered in their order, and nonsense after them does not enter their answers', async () => {
    const health = head('GET /_slipway/health HTTP/1.1', HOST)
    const missing = head('GET /_slipway/nothing HTTP/1.1', HOST)
    const answers = await talk(slipway.port, `${health}${missing}${health}`, { answers: 3 })
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 200])
    const mixed = await talk(slipway.port, `${head('GET /bucket/k HTTP/1.1', HOST)}nonsense\r\n\r\n`)
    for (const { status, body } of mixed) expect([status, body.includes('NoSuchBucket')]).toEqual([404, true])
  })
})

describe('methods and targets', () => {
  // What is asked without a signature is decided by the bucket's policy, so it is read before it is refused.
  it.each([
    ['TRACE', 405, 'MethodNotAllowed'],
    ['OPTIONS', 405, 'MethodNotAllowed'],
    ['PATCH', 405, 'MethodNotAllowed'],
    ['PROPFIND', 405, 'MethodNotAllowed'],
    ['MKCOL', 405, 'MethodNotAllowed'],
    ['DELETE', 404, 'NoSuchBucket'],
  ])('%s without a signature is refused', async (method, status, code) => {
    const target = `${method} /bucket/k HTTP/1.1`
    const [answer] = await talk(slipway.port, head(target, HOST, 'X-HTTP-Method-Override: GET'))
    expect(answer?.status).toBe(status)
    expect(answer?.body).toContain(`<Code>${code}</Code>`)
  })

  it('a bucket is made by nobody without a name', async () => {
    const [answer] = await talk(slipway.port, head('PUT /bucket HTTP/1.1', HOST, 'Content-Length: 0'))
    expect(answer?.status).toBe(403)
    expect(answer?.body).toContain('<Code>AccessDenied</Code>')
  })

  it('takes an absolute target for the same host, as clients behind a proxy setting send', async () => {
    const [answer] = await talk(slipway.port, head('GET http://127.0.0.1/_slipway/health?x=1 HTTP/1.1', HOST))
    expect([answer?.status, JSON.parse(answer?.body ?? '').status]).toEqual([200, 'ok'])
  })

  it.each([
    ['/../../etc/passwd', 400, 'InvalidBucketName'],
    ['/bucket/../../../etc/passwd', 404, 'NoSuchBucket'],
    ['/bucket/%2e%2e/%2e%2e/etc/passwd', 404, 'NoSuchBucket'],
    ['//etc/passwd', 405, 'MethodNotAllowed'],
    ['/bucket/%00', 404, 'NoSuchBucket'],
    ['/%', 400, 'InvalidURI'],
  ])('the path %s reaches no file', async (path, status, code) => {
    const [answer] = await talk(slipway.port, head(`GET ${path} HTTP/1.1`, HOST))
    expect(answer?.status).toBe(status)
    expect(answer?.body).toContain(`<Code>${code}</Code>`)
  })

  it('the own routes know their methods', async () => {
    const posted = await talk(slipway.port, head('POST /_slipway/health HTTP/1.1', HOST, 'Content-Length: 0'))
    expect([posted[0]?.status, posted[0]?.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    const [answer] = await talk(slipway.port, head('HEAD /_slipway/health HTTP/1.1', HOST, 'Connection: close'))
    expect(answer === undefined || answer.body === '').toBe(true)
  })
})
