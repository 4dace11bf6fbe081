import type { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import type { Target } from './attempt.ts'
import { ChainLink, type Handover, type LinkOwner } from './chain-link.ts'

const KIB = 1024

/** A link whose container is what the test says, and what it has told its owner. */
function linkOf(limit = Number.POSITIVE_INFINITY) {
  const handovers: Handover[] = []
  let resumed = 0
  const connection = { send: () => {}, resume: () => resumed++, abort: () => {} }
  const target = { pool: { take: () => connection }, outstanding: 0, lastUse: 0, onIdle: undefined }
  const owner: LinkOwner = {
    separateParts: () => false,
    onUploadProgress: () => {},
    isAnswer: () => false,
    onAnswerHead: () => {},
    onAnswerBody: () => true,
    onAnswerTold: () => true,
    onHandover: (_link, handover) => handovers.push(handover),
    mayHandOver: (_link, bytes) => bytes <= limit,
    onLinkEnd: () => {},
    onLinkBreak: () => {},
  }
  const link = new ChainLink(owner, 0, { name: 'c1', address: '127.0.0.1:1' }, target as unknown as Target)
  link.send('', { kind: 'collected', chunks: [] })
  link.onHead({ status: 200, headers: new Map([['content-type', 'a/b']]), contentLength: undefined })
  return { link, handovers, resumed: () => resumed }
}

const streamOf = ({ body }: Handover): Readable => {
  if (body.kind !== 'stream') throw new Error('it is not streamed')
  return body.stream
}

it('hands a small body on when it is whole, with its length', () => {
  const { link, handovers } = linkOf()
  const shared = Buffer.from('one')
  expect(link.onBody(shared)).toBe(true)
  // The buffer is the connection's: what comes next overwrites it.
  shared.write('two')
  expect(link.onBody(shared)).toBe(true)
  expect(handovers).toEqual([])
  link.onEnd()
  expect(handovers).toEqual([
    {
      contentType: 'a/b',
      contentLength: 6,
      body: { kind: 'collected', chunks: [Buffer.from('one'), Buffer.from('two')] },
    },
  ])
})

it('streams a large one, and pauses its container while the next takes nothing', async () => {
  const { link, handovers, resumed } = linkOf()
  const part = Buffer.alloc(32 * KIB, 'x')
  const taken = Array.from({ length: 8 }, () => link.onBody(part))
  // Not more than two high-water marks are ever held, whatever comes.
  expect(taken.slice(0, 2)).toEqual([true, true])
  expect(taken.slice(2)).toEqual(Array(6).fill(false))
  const [handover] = handovers
  expect(handovers).toHaveLength(1)
  expect(handover).toMatchObject({ contentLength: undefined, body: { chunked: true } })
  const stream = streamOf(handover as Handover)
  expect(resumed()).toBe(0)
  let received = 0
  for await (const bytes of stream) {
    received += (bytes as Buffer).length
    if (received === 8 * part.length) link.onEnd()
  }
  expect(received).toBe(8 * part.length)
  expect(resumed()).toBeGreaterThan(0)
})

it('hands nothing more on once it is too much', () => {
  const { link, handovers } = linkOf(10)
  expect(link.onBody(Buffer.alloc(11))).toBe(false)
  expect(handovers).toEqual([])
})
