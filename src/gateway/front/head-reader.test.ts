import { describe, expect, it } from 'vitest'
import { HeadReader } from './head-reader.ts'
import { parseInvocationHead } from './invocation-head.ts'

const LINE = 'POST /endpoints/iris/invocations HTTP/1.1'
const LINES = [
  LINE,
  'Host: slipway',
  'X-Amz-Date: 1',
  'Authorization: AWS4-HMAC-SHA256 Credential=a/b',
  'Connection: keep-alive',
  'Content-Length: 5',
]

const ended = (lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join('')
/** As `LINES`, with other values throughout. */
const OTHERS = [
  LINE,
  'Host: elsewhere',
  'X-Amz-Date: 987',
  'Authorization: AWS4-HMAC-SHA256 Credential=yy/zz',
  'Connection: Keep-Alive',
  'Content-Length: 77',
]

/** What readers who have read others before make of these lines, and what one does who has read nothing. */
function both(...lines: readonly string[]) {
  const fresh = parseInvocationHead(lines.join('\r\n'))
  const known: unknown[] = []
  for (const before of [[LINES], [LINES, OTHERS], [OTHERS, LINES, OTHERS], [LINES, lines], [LINES, lines, OTHERS]]) {
    const reader = new HeadReader()
    for (const head of before) expect(reader.read(ended(head))).toEqual(parseInvocationHead(head.join('\r\n')))
    known.push(reader.read(ended(lines)))
  }
  for (const again of known) expect(again).toEqual(known[0])
  return [known[0], fresh] as const
}

/** The lines with one in place of another, or without it. */
const instead = (at: number, ...lines: readonly string[]): string[] => LINES.toSpliced(at, 1, ...lines)

describe('the heads of a connection', () => {
  it('are read alike when they are alike', () => {
    const [again, fresh] = both(...LINES)
    expect(again).toEqual(fresh)
  })

  it.each([
    instead(2, 'X-Amz-Date: 23'),
    instead(2, 'x-amz-date: 1'),
    instead(2),
    instead(2, 'X-Other: 1'),
    [...LINES, 'User-Agent: x'],
    instead(5, 'Content-Length: 1234567'),
    instead(0, 'POST /endpoints/other/invocations HTTP/1.1'),
    instead(0, 'POST /endpoints/iris/invocations-response-stream HTTP/1.1'),
    instead(3, 'Authorization: AWS4-HMAC-SHA256 Credential=c/d'),
    LINES.toReversed().toSpliced(0, 0, LINE).slice(0, -1),
  ])('are read as if each were the first: %j', (...lines) => {
    const [again, fresh] = both(...lines)
    expect(fresh).toBeDefined()
    expect(again).toEqual(fresh)
  })

  it.each([
    instead(2, 'X-Amz-Date:  1'),
    instead(2, 'X-Amz-Date: 1 '),
    instead(2, 'X-Amz-Date: '),
    instead(2, 'X-Amz-Date: 1\t2'),
    instead(2, 'X-Amz-Date: 1\r2'),
    instead(2, 'X-Amz-Date: 1\n2'),
    instead(2, 'X-Amz-Date: \x80'),
    instead(2, 'X-Amz-Date: 1', 'X-Amz-Date: 1'),
    instead(1),
    instead(3),
    instead(5),
    instead(5, 'Content-Length: 05'),
    instead(5, 'Content-Length: 5, 5'),
    instead(4, 'Connection: close'),
    instead(3, 'Authorization: Basic YTpi'),
    [...LINES, 'Expect: 100-continue'],
    [...LINES, 'Host: slipway'],
    LINES.slice(0, 1),
    [`${LINE} `, ...LINES.slice(1)],
  ])('are left to node:http as if each were the first: %j', (...lines) => {
    expect(both(...lines)).toEqual([undefined, undefined])
  })

  it('may be long, and each other than the one before', () => {
    const reader = new HeadReader()
    for (let round = 0; round < 3; round++)
      for (const length of [10, 5_000, 10]) {
        const lines = [...LINES, `X-Long: ${'a'.repeat(length + round)}`]
        expect(reader.read(ended(lines))).toEqual(parseInvocationHead(lines.join('\r\n')))
      }
  })
})
