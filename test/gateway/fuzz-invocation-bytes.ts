import { mutateBytes } from './fuzz-requests.ts'

/** A request line and headers as they are to be sent, and a body. */
export interface RawRequest {
  readonly line: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

export const bytesOf = ({ line, headers, body }: RawRequest): Buffer =>
  Buffer.concat([Buffer.from(`${[line, ...headers].join('\r\n')}\r\n\r\n`, 'latin1'), body])

type Change = (request: RawRequest, random: () => number) => RawRequest

const pick = <T>(list: readonly T[], random: () => number): T => list[Math.floor(random() * list.length)] as T

const withHeader =
  (...lines: readonly string[]): Change =>
  (request, random) => {
    const headers = [...request.headers]
    headers.splice(Math.floor(random() * (headers.length + 1)), 0, pick(lines, random))
    return { ...request, headers }
  }

const withLine =
  (...lines: readonly string[]): Change =>
  (request, random) => ({ ...request, line: pick(lines, random) })

/** Puts another value, or another way to write it, in the place of a header's. */
const instead =
  (name: string, ...lines: readonly string[]): Change =>
  (request, random) => ({
    ...request,
    headers: request.headers.map((header) =>
      header.toLowerCase().startsWith(`${name}:`)
        ? pick(lines, random).replace('$', header.slice(name.length + 2))
        : header,
    ),
  })

const PATH = '/endpoints/iris/invocations'

/** What a hostile or careless client does to one request: most of these have made two servers disagree somewhere. */
const CHANGES: readonly Change[] = [
  // How long the body is, said twice or in another way.
  withHeader('Transfer-Encoding: chunked', 'Transfer-Encoding: identity', 'transfer-encoding : chunked'),
  withHeader('Transfer-Encoding:chunked', 'Transfer-Encoding: xchunked', 'Transfer-Encoding: chunked, identity'),
  withHeader('Transfer-Encoding:\tchunked', ' Transfer-Encoding: chunked', 'X: y\nTransfer-Encoding: chunked'),
  withHeader('Content-Length: 0', 'Content-Length: 5', 'content-length: 3', 'Content-Length : 4', 'Content_Length: 1'),
  instead('content-length', 'Content-Length: +$', 'Content-Length: 0$', 'Content-Length: 0x5', 'Content-Length: $,$'),
  instead('content-length', 'Content-Length: -1', 'Content-Length:  $', 'Content-Length: $ ', 'Content-Length:$'),
  instead('content-length', 'Content-Length: 99999999999999999999', 'Content-Length: ', 'Content-Length: $\t', 'X: y'),
  instead('content-length', 'Content-Length: $.0', 'Content-Length: 1e1', 'Content-Length: 900', 'Content-Length: 2'),
  (request) => ({ ...request, body: Buffer.concat([request.body, Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')]) }),
  (request, random) => ({ ...request, body: request.body.subarray(0, Math.floor(random() * request.body.length)) }),
  // What a line is.
  withHeader(
    ' folded',
    '\tfolded',
    'X: y\r\n folded',
    'X: a\rb',
    'X: a\nY: b',
    'X: a\0b',
    '\0: b',
    ': b',
    'novalue',
    '',
  ),
  withHeader(
    'X : y',
    'X\t: y',
    'X:y',
    'X:',
    'X: ',
    'X:  y',
    'X: y ',
    'X:\ty',
    'X: a\tb',
    'X: \x80\xff',
    'X\x80: y',
    'X: \x7f',
  ),
  withHeader(
    '__proto__: y',
    'constructor: y',
    'toString: y',
    'x_y: z',
    "!#$%&'*+.^`|~: y",
    '(x): y',
    'x y: z',
    'X"Y: z',
  ),
  withHeader(
    `X: ${'a'.repeat(17_000)}`,
    `X: ${'a'.repeat(70_000)}`,
    `${'a'.repeat(300)}: b`,
    `X: ${'b'.repeat(8_000)}`,
  ),
  // What the message or its connection is to be.
  withHeader(
    'Connection: close',
    'Connection: keep-alive',
    'connection: Keep-Alive',
    'Connection: Upgrade',
    'Connection: x',
  ),
  withHeader('Connection: close, keep-alive', 'Proxy-Connection: close', 'Keep-Alive: timeout=5', 'TE: trailers'),
  withHeader('Upgrade: websocket', 'Expect: 100-continue', 'Expect: 200-ok', 'Trailer: X', 'HTTP2-Settings: a'),
  withHeader(
    'Host: other',
    'host: slipway.test',
    'Authorization: Basic YTpi',
    'Content-Type: text/csv',
    'Set-Cookie: a',
  ),
  withHeader(
    'X-Amzn-SageMaker-Target-Variant: b',
    'X-Amzn-SageMaker-Inference-Id: a',
    'Accept: text/csv',
    'Cookie: a=b',
  ),
  withHeader(
    'X-Amz-Security-Token: a',
    'X-Amz-Unsigned: b',
    'X-Amzn-SageMaker-Target-Model: m',
    'Date: now',
    'Accept: a\x0bb',
  ),
  instead('host', 'Host: ', 'Host:', 'X: y', 'HOST: slipway.test', 'host: slipway.test', 'Host: slipway.test, other'),
  instead('authorization', 'X: y', 'Authorization: $ ', 'Authorization: $0', 'authorization: $', 'Authorization: x$'),
  instead('authorization', 'Authorization: AWS4-HMAC-SHA256 X$', 'AUTHORIZATION: $', 'Authorization: $, Credential=a'),
  // Where the request goes.
  withLine(
    `POST ${PATH} HTTP/1.0`,
    `POST ${PATH} HTTP/1.1 `,
    `POST  ${PATH} HTTP/1.1`,
    `POST ${PATH}`,
    `POST ${PATH} HTTP/2.0`,
  ),
  withLine(`POST http://slipway.test${PATH} HTTP/1.1`, `POST http://other${PATH} HTTP/1.1`, `POST //${PATH} HTTP/1.1`),
  withLine(
    `GET ${PATH} HTTP/1.1`,
    `PUT ${PATH} HTTP/1.1`,
    `post ${PATH} HTTP/1.1`,
    `POS ${PATH} HTTP/1.1`,
    `HEAD ${PATH} HTTP/1.1`,
  ),
  withLine(`POST ${PATH}? HTTP/1.1`, `POST ${PATH}?a=b HTTP/1.1`, `POST ${PATH}/ HTTP/1.1`, `POST ${PATH}#a HTTP/1.1`),
  withLine(
    'POST /endpoints/ir%69s/invocations HTTP/1.1',
    'POST /endpoints/i+s/invocations HTTP/1.1',
    `POST ${PATH}\t HTTP/1.1`,
  ),
  withLine(
    'POST /endpoints//invocations HTTP/1.1',
    'POST /endpoints/none/invocations HTTP/1.1',
    `POST ${PATH}-async HTTP/1.1`,
  ),
  withLine(
    'GET /_slipway/nothing HTTP/1.1',
    'POST / HTTP/1.1',
    `POST ${PATH} http/1.1`,
    `\r\nPOST ${PATH} HTTP/1.1`,
    `\nPOST ${PATH} HTTP/1.1`,
  ),
  // Anything.
  (request, random) => {
    const headers = [...request.headers]
    const at = Math.floor(random() * headers.length)
    headers[at] = mutateBytes(Buffer.from(headers[at] as string, 'latin1'), random).toString('latin1')
    return { ...request, headers }
  },
  (request) => ({ ...request, headers: request.headers.toReversed() }),
  (request) => ({
    ...request,
    headers: request.headers.map((header) => header.replace(/^[^:]+/, (n) => n.toUpperCase())),
  }),
]

export const changed = (request: RawRequest, random: () => number): RawRequest => pick(CHANGES, random)(request, random)

/** Cuts bytes into pieces at random places, often a few, now and then each byte for itself. */
export function pieces(bytes: Buffer, random: () => number): Buffer[] {
  const kind = random()
  if (kind < 0.3) return [bytes]
  if (kind < 0.35 && bytes.length < 3_000) return Array.from(bytes, (byte) => Buffer.of(byte))
  const cuts = Array.from({ length: 1 + Math.floor(random() * 6) }, () => Math.floor(random() * bytes.length))
  const borders = [0, ...cuts.sort((one, other) => one - other), bytes.length]
  return borders.slice(1).map((end, index) => bytes.subarray(borders[index], end))
}
