import { expect, it } from 'vitest'
import type { AnswerStream } from './answer-stream.ts'
import { EventBatch } from './event-batch.ts'
import { payloadPart } from './stream-events.ts'

/** An answer that keeps what it gets as the system does that has not taken it yet: where it is, not as a copy. */
function recorder({ inPlace = true, takesAtOnce = true } = {}) {
  const parts: Buffer[] = []
  const answer = {
    closed: false,
    write: (part: Buffer) => parts.push(part) > 0,
    ...(inPlace && {
      writeInPlace(room: Buffer, start: number, end: number) {
        // What an answer may write over.
        room.fill(0xff, start - 16, start)
        room.fill(0xff, end, end + 2)
        const part = room.subarray(start, end)
        parts.push(takesAtOnce ? Buffer.from(part) : part)
        return takesAtOnce
      },
    }),
  }
  return { answer, batch: new EventBatch(answer as unknown as AnswerStream), parts }
}

const events = (...payloads: readonly Buffer[]) =>
  Buffer.concat(payloads.map((payload) => payloadPart.message(payload)))
const payload = (text: string, size = text.length) => Buffer.alloc(size, text)

it.each([true, false])('sends what has been added as one (in place: %s)', (inPlace) => {
  const { batch, parts } = recorder({ inPlace })
  batch.flush()
  expect(parts).toEqual([])
  batch.add(payload('one'))
  batch.add(payload('three'))
  expect(batch.flush()).toBe(inPlace)
  batch.flush()
  expect(parts).toEqual([events(payload('one'), payload('three'))])
})

it('keeps streams apart that speak by turns', () => {
  const one = recorder()
  const other = recorder({ inPlace: false })
  for (const text of ['a', 'b', 'c']) {
    one.batch.add(payload(text, 300))
    other.batch.add(payload(text.toUpperCase(), 30))
  }
  one.batch.flush()
  other.batch.flush()
  expect(Buffer.concat(one.parts)).toEqual(events(payload('a', 300), payload('b', 300), payload('c', 300)))
  expect(Buffer.concat(other.parts)).toEqual(events(payload('A', 30), payload('B', 30), payload('C', 30)))
})

it('leaves alone what waits for a slow client', () => {
  const slow = recorder({ takesAtOnce: false })
  const quick = recorder()
  slow.batch.add(payload('slow'))
  expect(slow.batch.flush()).toBe(false)
  quick.batch.add(payload('quick', 500))
  expect(quick.batch.flush()).toBe(true)
  expect(slow.parts).toEqual([events(payload('slow'))])
})

it('takes parts of any size, in their order', () => {
  const { batch, parts } = recorder()
  const sizes = [1, 65_536, 40, 65_400, 65_000, 30_000, 30_000, 30_000, 200_000, 2]
  const payloads = sizes.map((size, index) => payload(String.fromCharCode(97 + index), size))
  for (const each of payloads) batch.add(each)
  batch.flush()
  expect(Buffer.concat(parts)).toEqual(events(...payloads))
})

it('says nothing to an answer of node:http that has closed', () => {
  const gone = recorder({ inPlace: false })
  gone.batch.add(payload('one'))
  gone.answer.closed = true
  const next = recorder()
  next.batch.add(payload('two'))
  next.batch.flush()
  expect(gone.parts).toEqual([])
  expect(next.parts).toEqual([events(payload('two'))])
})
