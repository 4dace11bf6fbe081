import { describe, expect, it } from 'vitest'
import { InvocationTarget } from '../invocation-target.ts'
import { mayBeInvocation, parseInvocationHead } from './invocation-head.ts'

const LINE = 'POST /endpoints/iris/invocations HTTP/1.1'
const HEADERS = ['Host: slipway', 'Authorization: AWS4-HMAC-SHA256 Credential=a/b', 'Content-Length: 5']
const head = (...lines: readonly string[]): string => lines.join('\r\n')

describe('a head that is read', () => {
  it('is what boto3 sends', () => {
    const read = parseInvocationHead(head(LINE, ...HEADERS, 'X-Amz-Date: 1', 'User-Agent: Boto3/1 md/x#1: "a;b"'))
    expect(read).toEqual({
      path: '/endpoints/iris/invocations',
      target: new InvocationTarget('InvokeEndpoint', 'iris'),
      headers: {
        host: 'slipway',
        authorization: 'AWS4-HMAC-SHA256 Credential=a/b',
        'content-length': '5',
        'x-amz-date': '1',
        'user-agent': 'Boto3/1 md/x#1: "a;b"',
      },
      contentLength: 5,
    })
  })

  it.each([
    ['invocations-response-stream', 'InvokeEndpointWithResponseStream'],
    ['async-invocations', 'InvokeEndpointAsync'],
  ] as const)('may ask for %s', (kind, operation) => {
    const read = parseInvocationHead(head(`POST /endpoints/a-1/${kind} HTTP/1.1`, ...HEADERS))
    expect(read?.target).toEqual(new InvocationTarget(operation, 'a-1'))
  })

  it.each(['Connection: keep-alive', 'connection: Keep-Alive'])('may say %s', (line) => {
    expect(parseInvocationHead(head(LINE, ...HEADERS, line))).toBeDefined()
  })
})

describe('a head that is left to node:http', () => {
  it.each([
    ['another version', 'POST /endpoints/iris/invocations HTTP/1.0'],
    ['another method', 'PUT /endpoints/iris/invocations HTTP/1.1'],
    ['a query', 'POST /endpoints/iris/invocations?a HTTP/1.1'],
    ['an escape', 'POST /endpoints/ir%69s/invocations HTTP/1.1'],
    ['a whole URL', 'POST http://slipway/endpoints/iris/invocations HTTP/1.1'],
    ['two spaces', 'POST  /endpoints/iris/invocations HTTP/1.1'],
    ['a path that is none', 'POST /endpoints/iris/async-invocations-response-stream HTTP/1.1'],
    ['a longer path', 'POST /endpoints/iris/invocations/x HTTP/1.1'],
    ['no name', 'POST /endpoints//invocations HTTP/1.1'],
    ['a name with a dot', 'POST /endpoints/../invocations HTTP/1.1'],
    ['a name that is too long', `POST /endpoints/${'a'.repeat(64)}/invocations HTTP/1.1`],
  ])('has %s in its first line', (_name, line) => {
    expect(parseInvocationHead(head(line, ...HEADERS))).toBeUndefined()
  })

  it.each([
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: identity',
    'Content-Length: 5',
    'content-length: 6',
    'Host: other',
    'Expect: 100-continue',
    'Upgrade: h2c',
    'Connection: close',
    'Connection: keep-alive, upgrade',
    'Proxy-Connection: close',
    'Trailer: X',
    'X : y',
    'X:y',
    'X:  y',
    'X: y ',
    'X:\ty',
    'X: a\tb',
    'X:',
    'X: ',
    'X',
    ': y',
    ' X: y',
    '\tX: y',
    'X_Y: z',
    'X: a\rb',
    'X: a\nb',
    'X: a\0b',
    'X: \x80',
    'X\x80: a',
    '__proto__: a',
    'constructor: a',
    'Authorization: AWS4-HMAC-SHA256 Credential=c/d',
    '',
  ])('has the line %j', (line) => {
    for (let at = 1; at <= HEADERS.length; at++) {
      const lines = [LINE, ...HEADERS]
      lines.splice(at, 0, line)
      expect(parseInvocationHead(head(...lines)), `at ${at}`).toBeUndefined()
    }
  })

  it.each(['', '+5', '-5', '05', '0x5', '5,5', '5 5', '5.0', '1e1', '99999999999999999999'])(
    'has the length %j',
    (length) => {
      expect(parseInvocationHead(head(LINE, ...HEADERS.slice(0, 2), `Content-Length: ${length}`))).toBeUndefined()
    },
  )

  it.each([0, 1, 2])('lacks header %i', (missing) => {
    expect(parseInvocationHead(head(LINE, ...HEADERS.filter((_, index) => index !== missing)))).toBeUndefined()
  })

  it.each(['Basic YTpi', 'AWS4-HMAC-SHA256 XCredential=a, Credential=b', 'AWS4-HMAC-SHA256  Credential=a'])(
    'is signed as %j',
    (authorization) => {
      const lines = [LINE, 'Host: a', `Authorization: ${authorization}`, 'Content-Length: 5']
      expect(parseInvocationHead(head(...lines))).toBeUndefined()
    },
  )

  it('is nothing but a line', () => {
    for (const text of [LINE, `${LINE}\r\n`, '', '\r\n', 'POST']) expect(parseInvocationHead(text)).toBeUndefined()
  })
})

it.each([
  ['', true],
  ['P', true],
  ['POST /endpoints/x', true],
  ['PUT', false],
  ['POST /x', false],
  ['\r\nPOST', false],
])('%j may be the beginning of an invocation: %s', (text, may) => {
  expect(mayBeInvocation(Buffer.from(text))).toBe(may)
})
