import type { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { AnswerBroken, AnswerSink } from './answer-sink.ts'

const running = () => ({ instanceId: 'i', container: undefined, resume: vi.fn(), cancel: vi.fn() })

describe('AnswerSink', () => {
  it('gives a small answer whole', async () => {
    const sink = new AnswerSink(10)
    sink.onHead(200, new Map([['content-type', 'a/b']]))
    sink.onBody(Buffer.from('hello'))
    sink.onEnd()
    const { status, headers, body } = await sink.answer
    expect([status, headers.get('content-type'), String(body)]).toEqual([200, 'a/b', 'hello'])
  })

  it('gives a large one as it comes, no faster than it is read', async () => {
    const sink = new AnswerSink(10)
    const call = running()
    sink.attach(call)
    sink.onHead(200, new Map())
    let taken = 0
    while (sink.onBody(Buffer.alloc(64 * 1024, 1))) taken++
    expect(taken).toBeLessThan(20)
    const body = (await sink.answer).body as Readable
    let size = 0
    body.on('data', (part: Buffer) => {
      size += part.length
    })
    await vi.waitFor(() => expect(call.resume).toHaveBeenCalled())
    sink.onEnd()
    await vi.waitFor(() => expect(body.readableEnded).toBe(true))
    expect(size).toBe((taken + 1) * 64 * 1024)
    expect(call.cancel).not.toHaveBeenCalled()
  })

  it('breaks the stream of an answer that breaks, and the container’s request when its reader leaves', async () => {
    const sink = new AnswerSink(10)
    sink.attach(running())
    sink.onHead(200, new Map())
    sink.onBody(Buffer.alloc(100))
    const broken = (await sink.answer).body as Readable
    sink.onFailure('broken')
    await expect(broken.toArray()).rejects.toThrow(AnswerBroken)

    const other = new AnswerSink(10)
    const call = running()
    other.attach(call)
    other.onHead(200, new Map())
    other.onBody(Buffer.alloc(100))
    ;((await other.answer).body as Readable).destroy()
    await vi.waitFor(() => expect(call.cancel).toHaveBeenCalled())
  })

  it('keeps only the beginning of an error', async () => {
    const sink = new AnswerSink(1_000_000)
    sink.onHead(500, new Map())
    for (let part = 0; part < 100; part++) expect(sink.onBody(Buffer.alloc(1_000))).toBe(true)
    sink.onEnd()
    expect(((await sink.answer).body as Buffer).length).toBeLessThan(20_000)
  })

  it('rejects when there is no answer', async () => {
    const sink = new AnswerSink(10)
    sink.onFailure('timed-out')
    await expect(sink.answer).rejects.toMatchObject({ failure: 'timed-out' })
  })
})
