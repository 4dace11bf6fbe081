import { createHash } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RawRequest, rawCall } from '../support/api-call.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { workerPids } from '../support/worker-pids.ts'

let slipway: Slipway
let workers: readonly number[]
beforeAll(async () => {
  slipway = await startSlipway()
  workers = workerPids(slipway)
  expect((await rawCall(slipway, 's3', { method: 'PUT', target: '/bodies' })).status).toBe(200)
})
afterAll(() => slipway?.stop())
afterEach(() => {
  expect(workerPids(slipway)).toEqual(workers)
  expect(slipway.process.output()).not.toMatch(/a request failed|could not be answered|uncaught/)
})

const sagemaker = (operation: string, body: RawRequest['body']) =>
  rawCall(slipway, 'sagemaker', {
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `SageMaker.${operation}` },
    ...(body !== undefined && { body }),
  })
const lambda = (body: RawRequest['body']) =>
  rawCall(slipway, 'lambda', { target: '/2015-03-31/functions', ...(body !== undefined && { body }) })
const iam = (body: RawRequest['body']) =>
  rawCall(slipway, 'iam', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ...(body !== undefined && { body }),
  })
/** Documents to S3 come with their MD5, as the API demands. */
const s3 = (target: string, body: string | Uint8Array, method = 'POST') =>
  rawCall(slipway, 's3', {
    method,
    target,
    headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
    body,
  })
const code = (text: string): string | undefined => /<Code>([^<]*)<\/Code>/.exec(text)?.[1]

const nested = (depth: number): string => `${'{"Tags":'.repeat(depth)}1${'}'.repeat(depth)}`

describe('JSON that is none', () => {
  it.each([
    ['words', 'how do you do'],
    ['half an object', '{"ModelName":'],
    ['two objects', '{}{}'],
    ['a trailing comma', '{"ModelName":"m",}'],
    ['single quotes', "{'ModelName':'m'}"],
    ['NaN', '{"MaxResults":NaN}'],
    ['a comment', '{/**/}'],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['a cut character', Buffer.from([0x7b, 0x22, 0xc3, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['null bytes', Buffer.alloc(100)],
    ['ten thousand open braces', '{"a":'.repeat(10_000)],
    ['ten thousand nested lists', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['nested structures', nested(5_000)],
    ['a list', '[]'],
    ['a string', '"ListModels"'],
    ['a number', '17'],
    ['true', 'true'],
  ])('%s: SerializationException', async (_name, body) => {
    const answer = await sagemaker('ListModels', body)
    expect([answer.status, answer.json?.__type]).toEqual([400, 'SerializationException'])
    expect(answer.json?.message).toEqual(expect.any(String))
    const function_ = await lambda(body)
    expect([function_.status, function_.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException'])
  })

  it.each([
    ['a number for a string', { ModelName: 17 }],
    ['an object for a string', { ModelName: {} }],
    ['a list for a string', { ModelName: ['m'] }],
    ['a string for a list', { ModelName: 'm', Containers: 'c' }],
    ['an object for a list', { ModelName: 'm', Containers: {} }],
    ['a list for a structure', { ModelName: 'm', PrimaryContainer: [] }],
    ['a string for a boolean', { ModelName: 'm', EnableNetworkIsolation: 'yes' }],
    ['a list for a map', { ModelName: 'm', PrimaryContainer: { Environment: [] } }],
    ['a number for a value of a map', { ModelName: 'm', PrimaryContainer: { Environment: { A: 1 } } }],
  ])('%s: SerializationException', async (_name, input) => {
    const answer = await sagemaker('CreateModel', JSON.stringify(input))
    expect([answer.status, answer.json?.__type]).toEqual([400, 'SerializationException'])
  })

  it.each([
    ['beyond all integers', '{"MaxResults":1e400}'],
    ['a fraction', '{"MaxResults":1.5}'],
    ['beyond 32 bits', '{"MaxResults":4294967297}'],
    ['in words', '{"MaxResults":"ten"}'],
  ])('a number %s: SerializationException', async (_name, body) => {
    const answer = await sagemaker('ListModels', body)
    expect([answer.status, answer.json?.__type]).toEqual([400, 'SerializationException'])
  })

  it('a number that is one and too large or too small: ValidationException', async () => {
    for (const [number, relation] of [
      [101, 'less than or equal to 100'],
      [0, 'greater than or equal to 1'],
      [-5, 'greater than or equal to 1'],
    ] as const) {
      const answer = await sagemaker('ListModels', `{"MaxResults":${number}}`)
      expect([answer.status, answer.json]).toEqual([
        400,
        {
          __type: 'ValidationException',
          message: `1 validation error detected: Value '${number}' at 'maxResults' failed to satisfy constraint: Member must have value ${relation}`,
          Message: expect.any(String),
        },
      ])
    }
  })

  it('a time beyond the calendar is refused, not answered with internals', async () => {
    for (const time of ['1e300', '-1e300', '"tomorrow"', '"9999999-01-01T00:00:00Z"', 'true', '{}']) {
      const answer = await sagemaker('ListModels', `{"CreationTimeAfter":${time}}`)
      expect([answer.status, answer.json?.__type], time).toEqual([
        400,
        expect.stringMatching(/^(Serialization|Validation)Exception$/),
      ])
    }
  })
})

describe('names that mean something to JavaScript', () => {
  it('are members like any other, and change nothing', async () => {
    const hostile =
      '{"__proto__":{"MaxResults":5},"constructor":{"prototype":{"x":1}},"toString":null,"hasOwnProperty":1,"MaxResults":7}'
    const answer = await sagemaker('ListModels', hostile)
    expect([answer.status, answer.json]).toEqual([200, { Models: [] }])
  })

  it('are environment variables and tags like any other', async () => {
    const body =
      '{"ModelPackageGroupName":"proto","Tags":[{"Key":"__proto__","Value":"a"},{"Key":"constructor","Value":"b"}]}'
    const made = await sagemaker('CreateModelPackageGroup', body)
    expect(made.status).toBe(200)
    const listed = await sagemaker('ListTags', JSON.stringify({ ResourceArn: made.json?.ModelPackageGroupArn }))
    expect(listed.json?.Tags).toEqual(
      expect.arrayContaining([
        { Key: '__proto__', Value: 'a' },
        { Key: 'constructor', Value: 'b' },
      ]),
    )
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '.', 'a b', '\u00e9'])(
    'as an operation: %j',
    async (name) => {
      const target = Buffer.from(`SageMaker.${name}`).toString('latin1')
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target }
      const answer = await rawCall(slipway, 'sagemaker', { headers, body: '{}' })
      expect([answer.status, answer.json?.__type]).toEqual([400, 'UnknownOperationException'])
      const action = await iam(`Action=${encodeURIComponent(name)}&Version=2010-05-08`)
      expect([action.status, code(action.text)]).toEqual([400, 'InvalidAction'])
    },
  )
})

describe('operations that nobody knows', () => {
  it('JSON: no target, another service in the target, another method', async () => {
    for (const target of [undefined, 'Logs_20140328.DescribeLogGroups', 'ListModels']) {
      const headers: Record<string, string> = target === undefined ? {} : { 'x-amz-target': target }
      const answer = await rawCall(slipway, 'sagemaker', { headers, body: '{}' })
      expect([answer.status, answer.json?.__type]).toEqual([400, 'UnknownOperationException'])
    }
    const got = await rawCall(slipway, 'sagemaker', {
      method: 'GET',
      headers: { 'x-amz-target': 'SageMaker.ListModels' },
    })
    expect(got.json?.__type).toBe('UnknownOperationException')
  })

  it('REST: another path, another method, a path that does not decode', async () => {
    const lost = await rawCall(slipway, 'lambda', { target: '/2015-03-31/dysfunctions', method: 'GET' })
    expect([lost.status, lost.headers.get('x-amzn-errortype')]).toEqual([404, 'UnknownOperationException'])
    const patched = await rawCall(slipway, 'lambda', { target: '/2015-03-31/functions/f', method: 'PATCH', body: '{}' })
    expect(patched.status).toBe(404)
    const broken = await rawCall(slipway, 'lambda', { target: '/2015-03-31/functions/%ff%fe', method: 'GET' })
    expect([broken.status, broken.headers.get('x-amzn-errortype')]).toEqual([400, 'SerializationException'])
  })

  it('S3: another method, a path that does not decode', async () => {
    const patched = await s3('/bodies/k', 'x', 'PATCH')
    expect([patched.status, code(patched.text)]).toEqual([405, 'MethodNotAllowed'])
    const broken = await rawCall(slipway, 's3', { method: 'GET', target: '/bodies/%ff%fe' })
    expect([broken.status, code(broken.text)]).toEqual([400, 'InvalidURI'])
  })

  it('SageMaker: known ones that are not implemented are refused by name', async () => {
    const training = await sagemaker('CreateTrainingJob', '{}')
    expect([training.status, training.json?.__type, training.json?.message]).toEqual([
      501,
      'NotImplemented',
      'sagemaker:CreateTrainingJob is not implemented by Slipway.',
    ])
  })

  it.each([
    ['nobody', 'x', {}, 400, 'Endpoint nobody of account 123456789012 not found.'],
    ['nobody', '', {}, 400, 'Exactly one of Body and InputLocation must be specified.'],
    ['nobody', 'x', { 'x-amzn-sagemaker-inputlocation': 's3://b/k' }, 400, 'Exactly one of Body and InputLocation'],
    ['nobody', 'x', { 'x-amzn-sagemaker-invocationtimeoutseconds': '1e3' }, 400, 'must be a whole number of seconds'],
    ['nobody', 'x', { 'x-amzn-sagemaker-requestttlseconds': '59' }, 400, 'requestTTLSeconds'],
    ['nobody', 'x', { 'x-amzn-sagemaker-inference-id': '' }, 400, 'inferenceId'],
    ['nobody', 'x', { 'x-amzn-sagemaker-s3outputpathextension': 's3://x' }, 400, 's3OutputPathExtension'],
    ['nobody', 'x', { 'x-amzn-sagemaker-filename': '../x' }, 400, 'filename'],
    ['no_name', 'x', {}, 400, 'endpointName'],
    ['nobody', 'x'.repeat(128_001), {}, 400, 'larger than the limit of 128000 bytes'],
  ])('an asynchronous invocation of %s with %.5s and %j', async (endpoint, body, headers, status, message) => {
    const answer = await rawCall(slipway, 'sagemaker', {
      target: `/endpoints/${endpoint}/async-invocations`,
      ...{ body, headers },
    })
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([status, 'ValidationError'])
    expect(answer.json?.Message).toContain(message)
  })
})

describe('forms', () => {
  it.each([
    ['nothing', '', 'InvalidAction'],
    ['no action', 'Version=2010-05-08', 'InvalidAction'],
    ['an unknown action', 'Action=Fly&Version=2010-05-08', 'InvalidAction'],
    ['no UTF-8', Buffer.from([0x41, 0x3d, 0xff, 0xfe]), 'MalformedInput'],
    ['too many parts in a name', `Action=ListRoles&${'a.'.repeat(100)}=b`, 'MalformedInput'],
    ['too many parameters', `Action=ListRoles${'&a=b'.repeat(20_000)}`, 'MalformedInput'],
    ['no number', 'Action=ListRoles&MaxItems=ten', 'MalformedInput'],
    ['a number out of range', 'Action=ListRoles&MaxItems=5000', 'ValidationError'],
    ['percent signs', 'Action=GetRole&RoleName=%zz%', 'ValidationError'],
    ['a null byte', 'Action=GetRole&RoleName=a%00b', 'ValidationError'],
    ['a policy that is no JSON', 'Action=CreateRole&RoleName=r&AssumeRolePolicyDocument={', 'MalformedPolicyDocument'],
    [
      'a policy of deep nests',
      `Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=${'['.repeat(50_000)}`,
      undefined,
    ],
  ])('%s', async (_name, body, expected) => {
    const answer = await iam(body)
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(/^<ErrorResponse xmlns=/)
    if (expected !== undefined) expect(code(answer.text)).toBe(expected)
  })
})

describe('XML that is none', () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, index) => `<!ENTITY a${index} "${`&a${index === 0 ? '' : index - 1};`.repeat(10)}">`).join('')}]><Delete><Object><Key>&a8;</Key></Object></Delete>`
  it.each([
    ['words', 'how do you do'],
    ['half a tag', '<Delete><Object'],
    ['an open element', '<Delete><Object><Key>k</Key></Object>'],
    ['crossed tags', '<Delete><Object></Delete></Object>'],
    ['two roots', '<Delete/><Delete/>'],
    ['another root', '<Tagging><TagSet/></Tagging>'],
    ['a document type', '<!DOCTYPE Delete><Delete><Object><Key>k</Key></Object></Delete>'],
    [
      'an external entity',
      '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>',
    ],
    ['an entity bomb', bomb],
    ['an unknown entity', '<Delete><Object><Key>&who;</Key></Object></Delete>'],
    ['a character that is none', '<Delete><Object><Key>&#0;</Key></Object></Delete>'],
    ['deep nests', '<Delete>'.repeat(5_000) + '</Delete>'.repeat(5_000)],
    ['no UTF-8', Buffer.from([0x3c, 0x44, 0xff, 0x3e])],
    ['nothing', ''],
    ['no objects', '<Delete></Delete>'],
  ])('%s: MalformedXML', async (_name, body) => {
    const answer = await s3('/bodies?delete', body)
    expect([answer.status, code(answer.text)]).toEqual([
      400,
      expect.stringMatching(/^(MalformedXML|MissingRequestBodyError)$/),
    ])
    expect(answer.text).not.toContain('root:')
  })

  it('a thousand and one keys: MalformedXML', async () => {
    const body = `<Delete>${'<Object><Key>k</Key></Object>'.repeat(1_001)}</Delete>`
    expect(code((await s3('/bodies?delete', body)).text)).toBe('MalformedXML')
  })
})

describe('bodies that are too large', () => {
  /** Sends without a length, so that the size shows only while the body comes. */
  const chunked = async (service: string, target: string, bytes: number, headers: Record<string, string>) => {
    const part = Buffer.alloc(1024 * 1024, 0x20)
    const signed = await rawHeaders(service, target, Buffer.alloc(bytes, 0x20), headers)
    const body = new ReadableStream({
      start: (controller) => {
        for (let sent = 0; sent < bytes; sent += part.length) controller.enqueue(part)
        controller.close()
      },
    })
    const response = await fetch(slipway.url + target, {
      method: 'POST',
      headers: signed,
      body,
      duplex: 'half',
    } as RequestInit)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const rawHeaders = async (service: string, target: string, body: Uint8Array, headers: Record<string, string>) => {
    const { signRequest } = await import('../../src/wire/sigv4/sign.ts')
    const { accessKeyId, secretAccessKey, region, url } = slipway
    return signRequest({ method: 'POST', target, headers: { host: new URL(url).host, ...headers } }, body, {
      credentials: { accessKeyId, secretAccessKey },
      region,
      service,
      now: Date.now(),
    })
  }
  const MIB = 1024 * 1024

  it.each([
    ['sagemaker', '/', 9 * MIB, { 'x-amz-target': 'SageMaker.ListModels' }, 413, 'RequestEntityTooLargeException'],
    ['logs', '/', 5 * MIB, { 'x-amz-target': 'Logs_20140328.PutLogEvents' }, 413, 'RequestEntityTooLargeException'],
    ['sagemaker', '/endpoints/e/invocations', 26 * MIB, {}, 400, 'ValidationError'],
  ] as const)('%s %s, announced and not', async (service, target, bytes, headers, status, expected) => {
    const announced = await rawCall(slipway, service, { target, headers, body: Buffer.alloc(bytes, 0x20) })
    expect([announced.status, announced.headers.get('x-amzn-errortype')]).toEqual([status, expected])
    const streamed = await chunked(service, target, bytes, headers)
    expect([streamed.status, streamed.headers.get('x-amzn-errortype')]).toEqual([status, expected])
  })

  it('forms and documents', async () => {
    const form = await iam(Buffer.alloc(3 * MIB, 0x61))
    expect([form.status, code(form.text)]).toEqual([413, 'RequestEntityTooLargeException'])
    const document = await s3('/bodies?delete', Buffer.alloc(5 * MIB, 0x20))
    expect([document.status, code(document.text)]).toEqual([400, 'MaxMessageLengthExceeded'])
  })
})
