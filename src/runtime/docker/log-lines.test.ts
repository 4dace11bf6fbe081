import { describe, expect, it } from 'vitest'
import type { LogLine } from '../container-runtime.ts'
import { logFrames } from './log-frames.ts'
import { logLines, parseTimestamp } from './log-lines.ts'

const AT = '2026-11-20T11:15:21.000000001Z'
const LATER = '2026-11-20T11:15:21.000000002Z'
const NANOSECONDS = 1_795_173_321_000_000_001n

function frame(text: string | Buffer, stream = 1): Buffer {
  const payload = Buffer.from(text)
  const header = Buffer.alloc(8)
  header[0] = stream
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

async function read(bytes: Buffer, { size = 7, longest = 1_000, now = Date.parse(LATER) } = {}): Promise<LogLine[]> {
  const lines = []
  for await (const line of logLines(logFrames(pieces(bytes, size)), () => now, longest)) lines.push(line)
  return lines
}
const texts = async (bytes: Buffer, options = {}) => (await read(bytes, options)).map((line) => line.text)

describe('log frames and lines', () => {
  it.each([1, 2, 3, 8, 9, 100, 10_000])('are the same however the bytes arrive: %d at a time', async (size) => {
    const bytes = Buffer.concat([
      frame(`${AT} one\n`),
      frame(`${AT} oops\n`, 2),
      frame(`${LATER} \n`),
      frame(`${LATER} ünï\n`),
    ])
    expect(await read(bytes, { size })).toEqual([
      { stream: 'stdout', timestamp: NANOSECONDS, text: 'one' },
      { stream: 'stderr', timestamp: NANOSECONDS, text: 'oops' },
      { stream: 'stdout', timestamp: NANOSECONDS + 1n, text: '' },
      { stream: 'stdout', timestamp: NANOSECONDS + 1n, text: 'ünï' },
    ])
  })

  it('joins the pieces of a line, stream by stream, at the time of its beginning', async () => {
    const snowman = Buffer.from('☃')
    const bytes = Buffer.concat([
      frame(Buffer.concat([Buffer.from(`${AT} a`), snowman.subarray(0, 2)])),
      frame(`${AT} other\n`, 2),
      frame(Buffer.concat([Buffer.from(`${LATER} `), snowman.subarray(2), Buffer.from('b\n')])),
    ])
    expect(await read(bytes)).toEqual([
      { stream: 'stderr', timestamp: NANOSECONDS, text: 'other' },
      { stream: 'stdout', timestamp: NANOSECONDS, text: 'a☃b' },
    ])
  })

  it('gives what has no newline at its end', async () => {
    expect(await texts(Buffer.concat([frame(`${AT} one\n`), frame(`${LATER} unfinished`)]))).toEqual([
      'one',
      'unfinished',
    ])
  })

  it('takes the carriage return off', async () => {
    expect(await texts(frame(`${AT} dos\r\n`))).toEqual(['dos'])
  })

  it('cuts what is too long, but never within a character', async () => {
    expect(await texts(frame(`${AT} ${'☃'.repeat(7)}\n`), { longest: 8 })).toEqual(['☃☃', '☃☃', '☃☃', '☃'])
    expect(await texts(frame(`${AT} ${'x'.repeat(16)}\n`), { longest: 8 })).toEqual(['xxxxxxxx', 'xxxxxxxx'])
  })

  it('keeps bytes that are no text', async () => {
    const bytes = frame(Buffer.concat([Buffer.from(`${AT} `), Buffer.from([0xff, 0xfe]), Buffer.from('\n')]))
    expect(await texts(bytes)).toEqual(['\ufffd\ufffd'])
  })

  it('passes over what the engine sends again after a rotation', async () => {
    const first = frame(`${AT} one\n`)
    const second = frame(`${LATER} two\n`)
    const third = frame('2026-11-20T11:15:21.000000003Z two\n')
    expect(await texts(Buffer.concat([first, second, first, second, third]))).toEqual(['one', 'two', 'two'])
  })

  it('keeps equal lines of the same second, which is all that Podman tells', async () => {
    const line = frame('2026-11-20T11:15:21+01:00 same\n')
    expect(await texts(Buffer.concat([line, line]))).toEqual(['same', 'same'])
  })

  it('takes an earlier line for new when the machine’s clock was set back', async () => {
    const before = frame('2026-11-20T12:15:21.000000001Z before\n')
    const bytes = Buffer.concat([before, frame(`${AT} after\n`), frame(`${LATER} more\n`)])
    expect(await texts(bytes, { now: Date.parse(AT) })).toEqual(['before', 'after', 'more'])
  })

  it.each([
    ['an unknown stream', Buffer.from([9, 0, 0, 0, 0, 0, 0, 1, 65])],
    ['a frame without end', Buffer.from([1, 0, 0, 0, 255, 255, 255, 255, 65])],
    ['text that was never framed', Buffer.from('HTTP/1.1 200 OK')],
  ])('refuses %s', async (_what, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ name: 'RuntimeError', reason: 'other' })
  })
})

describe('parseTimestamp', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n],
    ['1970-01-01T00:00:00.5Z', 500_000_000n],
    ['1970-01-01T01:00:00.000000001+01:00', 1n],
    ['2026-11-20T11:15:21.123456789Z', 1_795_173_321_123_456_789n],
  ])('reads %s', (text, nanoseconds) => {
    expect(parseTimestamp(text)).toBe(nanoseconds)
  })

  it.each(['', 'yesterday', '2026-11-20', '2026-13-45T99:99:99Z', '2026-11-20T11:15:21.1234567890Z'])(
    'does not take %j for a time',
    (text) => {
      expect(parseTimestamp(text)).toBeUndefined()
    },
  )
})
