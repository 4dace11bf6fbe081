import { expect, it } from 'vitest'
import { MalformedResponseError } from './response-head.ts'
import { ResponseParser } from './response-parser.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const nobody = { onHead() {}, onBody() {}, onEnd() {} }

/** How many bytes the parser takes of the text, one at a time, before it refuses the rest. */
function refusedAt(text: string): number | undefined {
  const parser = new ResponseParser(nobody)
  for (const [index, byte] of [...Buffer.from(text, 'latin1')].entries()) {
    try {
      parser.feed(Buffer.of(byte))
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedResponseError)
      return index
    }
  }
  return undefined
}

// Behind the sign ‸ comes the first byte after which nothing can make the response valid.
it.each([
  ['line feeds alone', 'HTTP/1.1 200 OK‸\nContent-Length: 2\n\nok'],
  ['a line feed alone after a header', `${OK}Content-Length: 2‸\n\nok`],
  ['two line feeds at the end of its head', `${OK}Content-Length: 2\r\n‸\nok`],
  ['carriage returns alone', 'HTTP/1.1 200 OK\r‸Content-Length: 2\r\rok'],
  ['another protocol', '‸SSH-2.0-OpenSSH_9.2'],
  ['another version', 'HTTP/‸2 200 OK'],
  ['no status', 'HTTP/1.1 ‸OK\r\n'],
  ['a status of two digits', 'HTTP/1.1 20‸ OK'],
  ['an empty line before it', '\r‸\nHTTP/1.1 200 OK\r\n\r\n'],
  ['a folded header', `${OK}X-A: b\r\n‸ c\r\n`],
  ['a name with a space in it', `${OK}X‸ A: b\r\n`],
  ['a name in brackets', `${OK}‸<html>`],
  ['a line without a colon', `${OK}Nonsense\r‸\nContent-Length: 0\r\n`],
  ['a zero byte', `${OK}X-A: b‸\0`],
  ['a chunk that ends in a line feed alone', `${CHUNKED}2‸\nok`],
  ['a chunk without a size', `${CHUNKED}‸ok`],
  ['chunk data that ends in a line feed alone', `${CHUNKED}2\r\nok‸\n0`],
  ['a trailer that ends in a line feed alone', `${CHUNKED}0\r\nX-A: b‸\n\n`],
])('a response with %s is refused at its first wrong byte', (_what, marked) => {
  const expected = marked.indexOf('‸')
  const text = marked.replace('‸', '')
  expect(refusedAt(text)).toBe(expected)
  const upToThere = Buffer.from(text.slice(0, expected + 1), 'latin1')
  expect(() => new ResponseParser(nobody).feed(upToThere)).toThrow(MalformedResponseError)
})

it('a header of many kilobytes may come byte by byte', () => {
  const text = `${OK}X-${'A'.repeat(3_000)}: ${'b'.repeat(20_000)}\r\nContent-Length: 0\r\n\r\n`
  expect(refusedAt(text)).toBeUndefined()
  expect(refusedAt(text.replace('bbb', 'b\nb'))).toBe(text.indexOf('bbb') + 1)
})
