import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CborWriter, readCbor } from '../../src/wire/cbor.ts'
import { signRequest } from '../../src/wire/sigv4/sign.ts'
import { rawCall } from '../support/api-call.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

let slipway: Slipway
beforeAll(async () => {
  slipway = await startSlipway()
})
afterAll(() => slipway?.stop())

const CBOR = { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' }
const JSON_10 = { 'content-type': 'application/x-amz-json-1.0' }
const path = (operation: string) => `/service/GraniteServiceVersion20100801/operation/${operation}`
const target = (operation: string) => ({ 'x-amz-target': `GraniteServiceVersion20100801.${operation}` })
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

function cbor(write: (writer: CborWriter) => void): Uint8Array {
  const writer = new CborWriter()
  write(writer)
  return writer.finish()
}
/** A map of one text. */
const entry = (name: string, value: string) =>
  cbor((writer) => {
    writer.map(1)
    writer.text(name)
    writer.text(value)
  })

test('each protocol answers in its own form', async () => {
  const inCbor = await rawCall(slipway, 'monitoring', {
    target: path('ListMetrics'),
    headers: CBOR,
    body: cbor((w) => w.map(0)),
  })
  expect([inCbor.status, inCbor.headers.get('content-type'), inCbor.headers.get('smithy-protocol')]).toEqual([
    200,
    'application/cbor',
    'rpc-v2-cbor',
  ])
  const inJson = await rawCall(slipway, 'monitoring', { headers: { ...JSON_10, ...target('ListMetrics') }, body: '{}' })
  expect([inJson.status, inJson.json]).toEqual([200, { Metrics: [] }])
  const inXml = await rawCall(slipway, 'monitoring', { headers: FORM, body: 'Action=ListMetrics&Version=2010-08-01' })
  expect([inXml.status, inXml.headers.get('content-type')]).toEqual([200, 'text/xml'])
  expect(inXml.text).toContain('<ListMetricsResult><Metrics/></ListMetricsResult>')
})

test('an error keeps the code of old beside its new name', async () => {
  const body = JSON.stringify({ Namespace: 'AWS/x', MetricData: [] })
  const answer = await rawCall(slipway, 'monitoring', { headers: { ...JSON_10, ...target('PutMetricData') }, body })
  expect(answer.headers.get('x-amzn-query-error')).toBe('InvalidParameterValue;Sender')
  expect(answer.json).toMatchObject({ __type: 'InvalidParameterValueException' })
})

test.each<[string, { target?: string; headers: Record<string, string>; body: string | Uint8Array }, number, string]>([
  [
    'CBOR that ends early',
    { target: path('ListMetrics'), headers: CBOR, body: Buffer.from('a1', 'hex') },
    400,
    'SerializationException',
  ],
  [
    'CBOR that is a list',
    { target: path('ListMetrics'), headers: CBOR, body: Buffer.from('80', 'hex') },
    400,
    'SerializationException',
  ],
  [
    'CBOR with a text for a list',
    { target: path('ListMetrics'), headers: CBOR, body: entry('Dimensions', 'x') },
    400,
    'SerializationException',
  ],
  [
    'CBOR with a text that is too long',
    { target: path('ListMetrics'), headers: CBOR, body: entry('MetricName', 'x'.repeat(256)) },
    400,
    'ValidationError',
  ],
  [
    'CBOR of nothing but lists',
    { target: path('ListMetrics'), headers: CBOR, body: Buffer.alloc(900_000, 0x81) },
    400,
    'SerializationException',
  ],
  ['an unknown operation', { target: path('MakeCoffee'), headers: CBOR, body: '' }, 404, 'UnknownOperationException'],
  [
    'another service in the path',
    { target: '/service/Other/operation/ListMetrics', headers: CBOR, body: '' },
    404,
    'UnknownOperationException',
  ],
  [
    'an operation that is not implemented',
    { target: path('PutDashboard'), headers: CBOR, body: '' },
    501,
    'NotImplemented',
  ],
  [
    'a bomb',
    {
      target: path('PutMetricData'),
      headers: { ...CBOR, 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(64 * 1024 * 1024)),
    },
    413,
    'RequestEntityTooLargeException',
  ],
  [
    'gzip that is none',
    { target: path('PutMetricData'), headers: { ...CBOR, 'content-encoding': 'gzip' }, body: 'x' },
    400,
    'SerializationException',
  ],
])('%s is refused', async (_what, request, status, code) => {
  const answer = await callInCbor(request)
  expect([answer.status, (answer.body as { __type?: string }).__type]).toEqual([status, code])
})

/** As rawCall, with the answer's bytes read as CBOR. */
async function callInCbor(request: { target?: string; headers: Record<string, string>; body: string | Uint8Array }) {
  const { target: to = '/', headers, body } = request
  const bytes = Buffer.from(body)
  const { accessKeyId, secretAccessKey, region, url } = slipway
  const signed = signRequest({ method: 'POST', target: to, headers: { host: new URL(url).host, ...headers } }, bytes, {
    credentials: { accessKeyId, secretAccessKey },
    ...{ region, service: 'monitoring', now: Date.now() },
  })
  const response = await fetch(`${url}${to}`, { method: 'POST', headers: signed, body: bytes })
  return { status: response.status, body: readCbor(new Uint8Array(await response.arrayBuffer())) }
}

test('a wrong signature is told in the form of the protocol', async () => {
  const wrong = { ...slipway, secretAccessKey: 'wrong' }
  const answer = await rawCall(wrong, 'monitoring', { target: path('ListMetrics'), headers: CBOR, body: '' })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'application/cbor'])
})
