import { describe, expect, it } from 'vitest'
import { chanceOf } from '../../../test/support/chance.ts'
import { ResponseParser } from './response-parser.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

/** A body in chunks, as a container writes it. */
const written = (chunks: readonly Buffer[], trailers = ''): Buffer =>
  Buffer.concat([
    Buffer.from(HEAD),
    ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
    Buffer.from(`0\r\n${trailers}\r\n`),
  ])

/** What has been reported after each read. */
function read(parts: readonly Buffer[]) {
  const body: Buffer[] = []
  const after: { bytes: number; calls: number }[] = []
  let ended = false
  const parser = new ResponseParser({
    onHead() {},
    onBody(bytes) {
      expect(ended).toBe(false)
      expect(bytes.length).toBeGreaterThan(0)
      body.push(Buffer.from(bytes))
    },
    onEnd() {
      ended = true
    },
  })
  for (const part of parts) {
    // What a read leaves in its buffer is overwritten by the next.
    const buffer = Buffer.from(part)
    parser.feed(buffer)
    buffer.fill(0xdd)
    after.push({ bytes: Buffer.concat(body).length, calls: body.length })
  }
  return { body: Buffer.concat(body), after, ended }
}

describe('chunks that come in one read', () => {
  it('are passed on as one part, with what else came', () => {
    const chunks = [...Buffer.from('abcdefghij')].map((byte) => Buffer.of(byte))
    const { body, after, ended } = read([written(chunks)])
    expect([body.toString(), after, ended]).toEqual(['abcdefghij', [{ bytes: 10, calls: 1 }], true])
  })

  it('are passed on one by one where that is asked for', () => {
    const parts: string[] = []
    const parser = new ResponseParser({ onHead() {}, onBody: (bytes) => parts.push(bytes.toString()), onEnd() {} })
    const bytes = written(['ab', 'c', 'defg'].map((text) => Buffer.from(text)))
    for (const separately of [true, false, undefined]) {
      parser.reset(separately)
      parser.feed(bytes)
    }
    expect(parts).toEqual(['ab', 'c', 'defg', 'abcdefg', 'abcdefg'])
  })

  it('are held back by nothing: what has come of the body is passed on before the next read', () => {
    const bytes = written([...Buffer.from('abcdef')].map((byte) => Buffer.of(byte)))
    const { after } = read([...bytes].map((byte) => Buffer.of(byte)))
    // Each chunk is `1\r\nx\r\n`: its byte is reported with the read that brings it.
    const reported = after.slice(HEAD.length).map((one) => one.bytes)
    expect(reported).toEqual(reported.map((_, index) => Math.min(6, Math.floor((index + 3) / 6))))
  })

  it('are reported before what is wrong after them', () => {
    const body: string[] = []
    const parser = new ResponseParser({ onHead() {}, onBody: (bytes) => body.push(bytes.toString()), onEnd() {} })
    expect(() => parser.feed(Buffer.from(`${HEAD}1\r\na\r\n1\r\nb\r\nnonsense\r\n`))).toThrow('a chunk of the response')
    expect(body).toEqual(['ab'])
  })

  it('give the same bytes however large they are and however they are cut', () => {
    const chance = chanceOf(20_261_128)
    for (let round = 0; round < 300; round++) {
      const chunks = Array.from({ length: chance.between(1, 60) }, () => {
        const most = chance.pick([1, 3, 100, 4_095, 4_097, 40_000])
        return Buffer.alloc(chance.between(1, most), chance.between(0, 255))
      })
      const bytes = written(chunks, chance.pick(['', 'X-Sum: 1\r\n', 'X-Sum: 1\r\nX-More: 2\r\n']))
      const parts: Buffer[] = []
      for (let at = 0; at < bytes.length; ) {
        const length = chance.between(1, chance.pick([2, 50, 5_000, 65_536, 300_000]))
        parts.push(bytes.subarray(at, at + length))
        at += length
      }
      const { body, after, ended } = read(parts)
      expect(body.equals(Buffer.concat(chunks)), `round ${round}`).toBe(true)
      expect(ended).toBe(true)
      expect(after.at(-1)?.bytes).toBe(body.length)
    }
  })
})
