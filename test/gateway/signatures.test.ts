import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { presignTarget, type SigningOptions, signRequest } from '../../src/wire/sigv4/sign.ts'
import { runClient } from '../support/python.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { workerPids } from '../support/worker-pids.ts'

/** A request of each family of protocols, harmless and right but for its signature. */
interface Sample {
  readonly service: string
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const json = { 'content-type': 'application/x-amz-json-1.1' }
const SAMPLES = {
  json: {
    service: 'sagemaker',
    method: 'POST',
    target: '/',
    headers: { ...json, 'x-amz-target': 'SageMaker.ListModels' },
    body: '{}',
  },
  'rest-json': { service: 'lambda', method: 'GET', target: '/2015-03-31/functions/', headers: {}, body: '' },
  runtime: {
    service: 'sagemaker',
    method: 'POST',
    target: '/endpoints/e/invocations',
    headers: { 'content-type': 'text/csv' },
    body: '1,2',
  },
  query: {
    service: 'sts',
    method: 'POST',
    target: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  },
  s3: { service: 's3', method: 'GET', target: '/', headers: {}, body: '' },
} as const satisfies Record<string, Sample>
type Family = keyof typeof SAMPLES

let slipway: Slipway
let workers: readonly number[]
beforeAll(async () => {
  slipway = await startSlipway()
  workers = workerPids(slipway)
})
afterAll(() => slipway?.stop())
afterEach(() => {
  expect(workerPids(slipway)).toEqual(workers)
  expect(slipway.process.output()).not.toMatch(/a request failed|could not be answered|uncaught/)
})

interface Told {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** Sends a sample and reads the error in its family's shape; fails when it has another one. */
async function send(family: Family, change: Partial<Sample>): Promise<Told> {
  const { method, target, headers, body }: Sample = { ...SAMPLES[family], ...change }
  const response = await fetch(`${slipway.url}${target}`, { method, headers, ...(method === 'POST' && { body }) })
  const text = await response.text()
  const { status } = response
  expect(text).not.toContain(slipway.secretAccessKey)
  if (family === 's3') {
    expect(response.headers.get('content-type')).toBe('application/xml')
    expect(text).toMatch(/^<\?xml[^>]+>\s*<Error><Code>.*<\/HostId><\/Error>$/s)
  }
  if (family === 'query') expect(text).toMatch(/^<ErrorResponse xmlns="[^"]+"><Error><Type>Sender<\/Type>/)
  if (family === 's3' || family === 'query') {
    const [, code = '', message = ''] = /<Code>([^<]*)<\/Code><Message>([^<]*)<\/Message>/.exec(text) ?? []
    return { status, code, message }
  }
  const answer = JSON.parse(text) as Record<string, string>
  const code = response.headers.get('x-amzn-errortype') ?? ''
  if (family === 'json') expect(answer.__type).toBe(code)
  expect(answer.message).toEqual(expect.any(String))
  return { status, code, message: answer.message ?? '' }
}

function signed(family: Family, options: Partial<SigningOptions> = {}, change: Partial<Sample> = {}) {
  const { service, method, target, headers, body }: Sample = { ...SAMPLES[family], ...change }
  const { accessKeyId, secretAccessKey, region } = slipway
  const host = new URL(slipway.url).host
  return signRequest({ method, target, headers: { ...headers, host } }, Buffer.from(body), {
    credentials: { accessKeyId, secretAccessKey },
    region,
    service,
    now: Date.now(),
    ...options,
  })
}

const families = Object.keys(SAMPLES) as Family[]
/** The code of each family in the order json, rest-json, runtime, query, s3, and their statuses. */
const codes = (...all: readonly string[]) => Object.fromEntries(families.map((family, index) => [family, all[index]]))
const json400 = (family: Family) => (family === 'json' ? 400 : 403)

describe.each(families)('%s', (family) => {
  it('takes the right signature', async () => {
    const { method, target, body }: Sample = SAMPLES[family]
    const response = await fetch(`${slipway.url}${target}`, {
      method,
      headers: signed(family),
      ...(method === 'POST' && { body }),
    })
    // The endpoint of the runtime's sample does not exist, which is told only to whom the server knows.
    if (family === 'runtime') expect(response.headers.get('x-amzn-errortype')).toBe('ValidationError')
    else expect(response.status).toBe(200)
  })

  it('is told that a signature is missing', async () => {
    const told = await send(family, {})
    const expected = codes(
      'MissingAuthenticationTokenException',
      'MissingAuthenticationTokenException',
      'MissingAuthenticationTokenException',
      'MissingAuthenticationToken',
      'AccessDenied',
    )
    expect([told.code, told.status]).toEqual([expected[family], json400(family)])
  })

  it('is told that it does not match', async () => {
    const wrong = {
      credentials: { accessKeyId: slipway.accessKeyId, secretAccessKey: randomBytes(20).toString('hex') },
    }
    const told = await send(family, { headers: signed(family, wrong) })
    const [invalid, mismatch] = ['InvalidSignatureException', 'SignatureDoesNotMatch']
    expect([told.code, told.status]).toEqual([
      codes(invalid, invalid, invalid, mismatch, mismatch)[family],
      json400(family),
    ])
    expect(told.message).toMatch(/^The request signature we calculated does not match the signature you provided\./)
  })

  it('is told that nobody knows the key', async () => {
    const unknown = { credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' } }
    const told = await send(family, { headers: signed(family, unknown) })
    const client = 'UnrecognizedClientException'
    expect([told.code, told.status]).toEqual([
      codes(client, client, client, 'InvalidClientTokenId', 'InvalidAccessKeyId')[family],
      json400(family),
    ])
  })

  it('is told that its session token is none', async () => {
    const { accessKeyId, secretAccessKey } = slipway
    const credentials = { accessKeyId, secretAccessKey, sessionToken: 'garbage' }
    const told = await send(family, { headers: signed(family, { credentials }) })
    const client = 'UnrecognizedClientException'
    expect(told.code).toBe(codes(client, client, client, 'InvalidClientTokenId', 'InvalidToken')[family])
  })

  it.each([-16, 16])('is told that its clock is %d minutes off', async (minutes) => {
    const told = await send(family, { headers: signed(family, { now: Date.now() + minutes * 60_000 }) })
    const invalid = 'InvalidSignatureException'
    expect([told.code, told.status]).toEqual([
      codes(invalid, invalid, invalid, 'SignatureDoesNotMatch', 'RequestTimeTooSkewed')[family],
      json400(family),
    ])
    if (family !== 's3')
      expect(told.message).toMatch(minutes < 0 ? /^Signature expired: / : /^Signature not yet current: /)
  })

  it('takes a clock that is 14 minutes off', async () => {
    const headers = signed(family, { now: Date.now() - 14 * 60_000 })
    const { method, target, body }: Sample = SAMPLES[family]
    const response = await fetch(`${slipway.url}${target}`, { method, headers, ...(method === 'POST' && { body }) })
    expect(response.status).toBe(family === 'runtime' ? 400 : 200)
  })

  it('takes no signature made for another service', async () => {
    const other = family === 's3' ? 'lambda' : 's3'
    const headers = signed(family, { service: other })
    const { method, target, body }: Sample = SAMPLES[family]
    const response = await fetch(`${slipway.url}${target}`, { method, headers, ...(method === 'POST' && { body }) })
    expect(response.status).toBeGreaterThanOrEqual(400)
  })

  it('takes no changed target, header or body', async () => {
    const headers = signed(family)
    const { target, method }: Sample = SAMPLES[family]
    const changes: Partial<Sample>[] = [
      { headers, target: `${target}?x=1` },
      { headers: { ...headers, 'x-amz-date': headers['x-amz-date']!.replace(/\d\dZ$/, '00Z') } },
    ]
    if (method === 'POST') changes.push({ headers, body: 'another' })
    for (const change of changes) {
      const { status, code } = await send(family, change)
      // At the full minute the changed date is the right one.
      if (status !== 200) expect(code).toMatch(/Signature|XAmzContentSHA256Mismatch/)
    }
  })

  it.each([
    ['another scheme', 'Bearer abc'],
    ['Basic', 'Basic dXNlcjpwYXNz'],
    ['nothing behind the algorithm', 'AWS4-HMAC-SHA256'],
    ['nothing but commas', 'AWS4-HMAC-SHA256 ,,,,'],
    ['a component without a value', 'AWS4-HMAC-SHA256 Credential, SignedHeaders, Signature'],
    ['no credential', 'AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0'],
    ['a short credential', 'AWS4-HMAC-SHA256 Credential=AKID/20300101, SignedHeaders=host, Signature=0'],
    ['a credential of slashes', 'AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=host, Signature=0'],
    [
      'another algorithm',
      'AWS4-ECDSA-P256-SHA256 Credential=A/20300101/s3/aws4_request, SignedHeaders=host, Signature=0',
    ],
    ['version 2', 'AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg='],
    ['a flood', `AWS4-HMAC-SHA256 ${'Credential=a/b/c/d/e, '.repeat(1_000)}`],
    ['percent signs', 'AWS4-HMAC-SHA256 Credential=%/%/%/%/%, SignedHeaders=%, Signature=%'],
    ['the names of every object', 'AWS4-HMAC-SHA256 __proto__=a, constructor=b, Credential=toString'],
  ])('refuses Authorization with %s', async (_name, authorization) => {
    const { headers }: Sample = SAMPLES[family]
    const told = await send(family, { headers: { ...headers, authorization, 'x-amz-date': '20300101T000000Z' } })
    expect(told.status).toBeGreaterThanOrEqual(400)
    expect(told.status).toBeLessThan(404)
    expect(told.code).toMatch(
      family === 's3'
        ? /^(AuthorizationHeaderMalformed|InvalidArgument|InvalidRequest|RequestTimeTooSkewed|AccessDenied)$/
        : /^(MissingAuthenticationToken|IncompleteSignature|InvalidSignature|SignatureDoesNotMatch)(Exception)?$/,
    )
  })

  it('refuses a date that is none, and two of them', async () => {
    for (const date of [
      'tomorrow',
      '20301301T000000Z',
      '0',
      '2030-01-01T00:00:00Z',
      '20300101T000000Z, 20300101T000000Z',
    ]) {
      const told = await send(family, { headers: { ...signed(family), 'x-amz-date': date } })
      expect(told.code, date).toMatch(/^(IncompleteSignature(Exception)?|AccessDenied)$/)
    }
  })
})

describe('presigned URLs', () => {
  const presigned = (path: string, seconds: number, now = Date.now()): string => {
    const { accessKeyId, secretAccessKey, region, url } = slipway
    const options = { credentials: { accessKeyId, secretAccessKey }, region, service: 's3', now }
    return presignTarget({ method: 'GET', target: path, headers: { host: new URL(url).host } }, seconds, options)
  }
  const get = (target: string) => send('s3', { target })

  it('is taken while it is valid', async () => {
    expect((await fetch(slipway.url + presigned('/', 60))).status).toBe(200)
  })

  it('is refused when it has expired', async () => {
    const told = await get(presigned('/', 60, Date.now() - 120_000))
    expect(told).toEqual({ status: 403, code: 'AccessDenied', message: 'Request has expired' })
  })

  it.each([
    ['path', (target: string) => target.replace('/?', '/other?')],
    ['expiry', (target: string) => target.replace('X-Amz-Expires=60', 'X-Amz-Expires=600')],
    ['further parameter', (target: string) => `${target}&max-buckets=1`],
    ['signature', (target: string) => target.replace(/Signature=./, 'Signature=x')],
  ])('is refused with another %s', async (_name, tamper) => {
    expect(await get(tamper(presigned('/', 60)))).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' })
  })

  it.each([
    ['more than a week', 'X-Amz-Expires=604801'],
    ['a negative time', 'X-Amz-Expires=-1'],
    ['no number', 'X-Amz-Expires=soon'],
    ['nothing', 'X-Amz-Expires='],
  ])('is refused with %s', async (_name, expiry) => {
    const told = await get(presigned('/', 60).replace('X-Amz-Expires=60', expiry))
    expect([told.status, told.code]).toEqual([400, 'AuthorizationQueryParametersError'])
  })

  it('is refused beside an Authorization header', async () => {
    const response = await fetch(slipway.url + presigned('/', 60), { headers: signed('s3') })
    expect(await response.text()).toContain('Only one auth mechanism allowed')
  })
})

describe('services that Slipway does not speak', () => {
  it.each([
    ['a target', { 'x-amz-target': 'DynamoDB_20120810.ListTables', ...json }, '{}', 'DynamoDB_20120810'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'Action=ListIdentities', 'ses'],
  ])('are refused by name in the shape of %s', async (kind, headers, body, name) => {
    const change = { service: name, method: 'POST', target: '/', headers, body }
    const response = await fetch(slipway.url, {
      method: 'POST',
      headers: signed('json', { service: name }, change),
      body,
    })
    const text = await response.text()
    expect(response.status).toBe(501)
    expect(text).toContain(`The service ${name} is not implemented by Slipway.`)
    if (kind === 'a form') expect(text).toMatch(/^<ErrorResponse><Error><Type>Receiver<\/Type><Code>NotImplemented</)
    else expect(JSON.parse(text).__type).toBe('NotImplemented')
  })
})

describe('boto3 raises what it raises with AWS', () => {
  it('for keys, signatures, tokens, clocks and services', async () => {
    expect(JSON.parse(await runClient('boto3/refusals.py', slipway.env))).toMatchObject({ checks: expect.any(Number) })
  })
})
