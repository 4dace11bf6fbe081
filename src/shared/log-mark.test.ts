import { expect, it } from 'vitest'
import { afterMark, formatMark, parseMark } from './log-mark.ts'

const lines = [1n, 5n, 5n, 5n, 6n].map((timestamp, index) => ({
  stream: 'stdout' as const,
  timestamp,
  text: `${index}`,
}))
const rest = (mark: Parameters<typeof afterMark>[0]) => lines.filter(afterMark(mark)).map(({ text }) => text)

it('passes over what is stored, also within one moment', () => {
  expect(rest(undefined)).toEqual(['0', '1', '2', '3', '4'])
  expect(rest({ timestamp: 1n, count: 1 })).toEqual(['1', '2', '3', '4'])
  expect(rest({ timestamp: 5n, count: 2 })).toEqual(['3', '4'])
  expect(rest({ timestamp: 6n, count: 1 })).toEqual([])
})

it('is written as text', () => {
  const mark = { timestamp: 1_700_000_000_123_456_789n, count: 3 }
  expect(formatMark(mark)).toBe('1700000000123456789/3')
  expect(parseMark(formatMark(mark))).toEqual(mark)
})
