import { request } from 'node:http'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MalformedResponseError } from './response-head.ts'
import { ResponseParser } from './response-parser.ts'

interface Outcome {
  status: number
  headers: Record<string, string>
  body: string
  complete: boolean
}

/** What the parser makes of a response that arrives in these parts, then ends. */
function parse(parts: readonly Buffer[]): Outcome {
  const outcome: Outcome = { status: 0, headers: {}, body: '', complete: false }
  const parser = new ResponseParser({
    onHead: (head) => {
      expect(outcome.status).toBe(0)
      outcome.status = head.status
      outcome.headers = Object.fromEntries(head.headers)
    },
    onBody: (bytes) => {
      expect(bytes.length).toBeGreaterThan(0)
      outcome.body += bytes.toString('latin1')
    },
    onEnd: () => {
      expect(outcome.complete).toBe(false)
      outcome.complete = true
    },
  })
  for (const part of parts) parser.feed(part)
  parser.close()
  return outcome
}

const whole = (text: string): Outcome => parse([Buffer.from(text, 'latin1')])

/** Every way to cut the text in two, and the way of single bytes. The parser may keep nothing of the buffer it was fed. */
function* cuts(text: string): Generator<Buffer[]> {
  const bytes = () => Buffer.from(text, 'latin1')
  for (let at = 1; at < text.length; at++) yield [bytes().subarray(0, at), bytes().subarray(at)]
  yield [...bytes()].map((byte) => Buffer.from([byte]))
}

const OK = 'HTTP/1.1 200 OK\r\n'

const proper: Record<string, string> = {
  'a length': `${OK}Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello`,
  'no body': `${OK}Content-Length: 0\r\n\r\n`,
  chunks: `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;name=value\r\n world\r\n0\r\n\r\n`,
  'chunks and trailers': `${OK}Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n000\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n`,
  'the end of the connection': `${OK}X-A: b\r\n\r\nuntil the end\r\n\r\nof it`,
  'HTTP/1.0': 'HTTP/1.0 200 OK\r\n\r\nold',
  'HTTP/1.0 that stays': 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold',
  'no reason': 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok',
  'interim responses': `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
  '204': 'HTTP/1.1 204 No Content\r\n\r\n',
  '204 that speaks of a body': 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
  '304': 'HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n',
  'an error': 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops',
  'white space around values': `${OK}X-A:\t  b c \t\r\nContent-Length:2\r\n\r\nok`,
  'an empty value': `${OK}X-A:\r\nContent-Length: 2\r\n\r\nok`,
  'bytes above ASCII': `${OK}X-A: \xe9\xa0\r\nContent-Length: 2\r\n\r\n\xff\x00`,
  'a coding in capitals': `${OK}TRANSFER-ENCODING: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  'a line end in the body': `${OK}Content-Length: 4\r\n\r\n\r\n\r\n`,
}

describe('responses of all forms', () => {
  const served = new Map<string, Buffer>()
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      const id = /GET \/(\d+)/.exec(bytes.toString())?.[1] ?? ''
      socket.end(served.get(id) ?? '')
    })
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  /** What node:http makes of the same bytes. */
  function oracle(text: string): Promise<Outcome> {
    const id = String(served.size)
    served.set(id, Buffer.from(text, 'latin1'))
    const { port } = server.address() as { port: number }
    return new Promise((resolve, reject) => {
      const call = request({ port, host: '127.0.0.1', path: `/${id}`, agent: false }, (response) => {
        let body = ''
        response.setEncoding('latin1').on('data', (part: string) => {
          body += part
        })
        response.on('error', reject)
        response.on('close', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            body,
            complete: response.complete,
          }),
        )
      })
      call.on('error', reject)
      call.end()
    })
  }

  it.each(Object.entries(proper))('reads a response with %s as node:http does', async (_name, text) => {
    expect(whole(text)).toEqual(await oracle(text))
    expect(whole(text).complete).toBe(true)
  })

  it.each(Object.entries(proper))('reads a response with %s however it is cut', (_name, text) => {
    const expected = whole(text)
    for (const parts of cuts(text)) expect(parse(parts)).toEqual(expected)
  })

  const malformed: Record<string, string> = {
    'no HTTP': 'SSH-2.0-OpenSSH_9.2\r\n',
    'no HTTP, no line': 'garbage',
    'HTTP/1.2': 'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n',
    'a status of two digits': 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n',
    'a status of four digits': 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n',
    'the same length twice': `${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`,
    'two lengths': `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    'a length that is a list': `${OK}Content-Length: 5, 5\r\n\r\nhello`,
    'a negative length': `${OK}Content-Length: -1\r\n\r\n`,
    'a hexadecimal length': `${OK}Content-Length: 0x5\r\n\r\nhello`,
    'a length beyond numbers': `${OK}Content-Length: 99999999999999999999\r\n\r\nhello`,
    'a length and chunks': `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'a folded header': `${OK}X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n`,
    'a space before the colon': `${OK}Content-Length : 5\r\n\r\nhello`,
    'a header without a colon': `${OK}Content-Length\r\n\r\n`,
    'a header without a name': `${OK}: 5\r\n\r\n`,
    'a line feed alone in a header': `${OK}X-A: b\nContent-Length: 5\r\n\r\nhello`,
    'a carriage return alone in a header': `${OK}X-A: b\rX-B: c\r\nContent-Length: 0\r\n\r\n`,
    'a zero byte in a header': `${OK}X-A: b\0c\r\nContent-Length: 0\r\n\r\n`,
    'a chunk without a size': `${OK}Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n`,
    'a chunk size that is no number': `${OK}Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n`,
    'a negative chunk size': `${OK}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n`,
    'a chunk size beyond numbers': `${OK}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n`,
    'a chunk longer than it said': `${OK}Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n`,
    'a chunk that ends in one line feed': `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n`,
  }

  it.each(Object.entries(malformed))('refuses a response with %s, as node:http does', async (_name, text) => {
    expect(() => whole(text)).toThrow(MalformedResponseError)
    for (const parts of cuts(text)) expect(() => parse(parts)).toThrow(MalformedResponseError)
    await expect(oracle(text)).rejects.toThrow()
  })

  it('refuses what node:http would take but could be understood in two ways', () => {
    const gzip = `${OK}Transfer-Encoding: gzip\r\n\r\nbody`
    const twice = `${OK}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'
    const beyond = `${proper['a length']}more`
    const two = 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'
    for (const text of [gzip, twice, upgrade, beyond, two]) expect(() => whole(text)).toThrow(MalformedResponseError)
  })

  it('agrees with node:http on every damaged response it takes', async () => {
    const random = seeded(20_170_513)
    const texts = Object.values(proper)
    let taken = 0
    for (let round = 0; round < 1000; round++) {
      const text = damaged(texts[Math.floor(random() * texts.length)] as string, random)
      let outcome: Outcome | undefined
      try {
        outcome = whole(text)
      } catch (error) {
        expect(error, JSON.stringify(text)).toBeInstanceOf(MalformedResponseError)
      }
      if (outcome?.complete !== true) continue
      taken++
      const { status, body, complete } = await oracle(text).catch((error: Error) => {
        // Extensions of chunks are skipped unread here.
        if (error.message.includes('chunk extensions') && outcome !== undefined) return outcome
        throw new Error(`${error.message}: ${JSON.stringify(text)}`)
      })
      expect({ status, body, complete }, JSON.stringify(text)).toEqual({
        status: outcome.status,
        body: outcome.body,
        complete: true,
      })
    }
    expect(taken).toBeGreaterThan(100)
  })

  it.each(Object.entries(proper).filter(([name]) => !/end of the connection|HTTP\/1.0$/.test(name)))(
    'never takes a part of a response with %s for the whole',
    (_name, text) => {
      for (let length = 0; length < text.length; length++)
        expect(parse([Buffer.from(text.slice(0, length), 'latin1')]).complete, `after ${length} bytes`).toBe(false)
    },
  )
})

it('refuses a head, a chunk line and a trailer without end', () => {
  const endless = (start: string) => () => {
    const parser = new ResponseParser({ onHead() {}, onBody() {}, onEnd() {} })
    parser.feed(Buffer.from(start))
    for (let fed = 0; fed < 200_000; fed += 1000) parser.feed(Buffer.alloc(1000, 'a'))
  }
  expect(endless(`${OK}X-A: `)).toThrow('the head of the response is too large')
  expect(endless(`${OK}Transfer-Encoding: chunked\r\n\r\n1;`)).toThrow('chunk')
  expect(endless(`${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: `)).toThrow('chunk')
  const large = Buffer.from(`${OK}X-A: ${'a'.repeat(65_536)}\r\n\r\n`)
  expect(() => parse([large])).toThrow('the head of the response is too large')
})

it('refuses interim responses without end, and takes some before each response', () => {
  const parser = new ResponseParser({ onHead() {}, onBody() {}, onEnd() {} })
  const interim = Buffer.from('HTTP/1.1 102 Processing\r\n\r\n'.repeat(100))
  const proper = Buffer.from(`${OK}Content-Length: 0\r\n\r\n`)
  for (let response = 0; response < 3; response++) {
    parser.feed(interim)
    parser.feed(proper)
    parser.reset()
  }
  parser.feed(interim)
  expect(() => parser.feed(interim)).toThrow('there are too many interim responses')
})

it('reads one response after another on a connection', () => {
  const bodies: string[] = []
  let ends = 0
  const parser = new ResponseParser({
    onHead() {},
    onBody: (bytes) => bodies.push(bytes.toString()),
    onEnd: () => ends++,
  })
  for (const text of [proper['a length'], proper.chunks, proper['a length'], proper['no body']] as string[]) {
    parser.reset()
    parser.feed(Buffer.from(text))
  }
  expect(bodies).toEqual(['hello', 'hello world', 'hello'])
  expect(ends).toBe(4)
})

describe('what a head says about the connection', () => {
  const head = (text: string) => {
    const parser = new ResponseParser({ onHead() {}, onBody() {}, onEnd() {} })
    parser.feed(Buffer.from(`${text}\r\n\r\n`))
    return parser.head
  }

  it.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 0', true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close', false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive, Close', false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\nConnection: close', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0', false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: x, keep-alive', true],
    ['HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive', false],
  ])('%j stays open: %s', (text, keepAlive) => {
    expect(head(text)?.keepAlive).toBe(keepAlive)
  })

  it('tells how long the container keeps an idle connection', () => {
    expect(head('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: timeout=5, max=100')?.keepAliveMilliseconds).toBe(
      5000,
    )
    expect(head('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: max=9')?.keepAliveMilliseconds).toBeUndefined()
  })
})

/** A small generator of numbers in [0, 1), the same ones for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** The text with a byte replaced, taken away, doubled or put in. */
function damaged(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length)
  const byte = '\r\n :;0159aZ\0\x7f\xff-,\t'.charAt(Math.floor(random() * 18))
  const kind = Math.floor(random() * 4)
  if (kind === 0) return text.slice(0, at) + byte + text.slice(at + 1)
  if (kind === 1) return text.slice(0, at) + text.slice(at + 1)
  if (kind === 2) return text.slice(0, at) + text.charAt(at) + text.slice(at)
  return text.slice(0, at) + byte + text.slice(at)
}
