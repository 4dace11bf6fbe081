import { describe, expect, it } from 'vitest'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'

describe('timestamps', () => {
  it.each([
    ['1722945600', 1_722_945_600_000],
    ['1722945600.123', 1_722_945_600_123],
    ['2024-08-06T12:00:00.123Z', 1_722_945_600_123],
    ['2024-08-06t12:00:00z', 1_722_945_600_000],
    ['2024-08-06 12:00:00', 1_722_945_600_000],
    ['2024-08-06T12:00:00+00:00', 1_722_945_600_000],
    ['2024-08-06', 1_722_902_400_000],
    ['Tue, 06 Aug 2024 12:00:00 GMT', 1_722_945_600_000],
    ['0', 0],
    ['-1', -1_000],
  ])('%s', (text, time) => {
    expect(parseTimestamp(text)).toBe(time)
  })

  it.each([
    '',
    'now',
    '2024-02-30T25:00:00Z',
    '99999999999999',
    '1e99',
    'Tue, 99 Aug 2024 12:00:00 GMT',
    `2024${' '.repeat(100)}`,
  ])('none is %j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined()
  })

  it('are written in three forms', () => {
    expect(formatTimestamp(1_722_945_600_123, 'iso8601')).toBe('2024-08-06T12:00:00.123Z')
    expect(formatTimestamp(1_722_945_600_123, 'rfc822')).toBe('Tue, 06 Aug 2024 12:00:00 GMT')
    expect(formatTimestamp(1_722_945_600_123, 'unixTimestamp')).toBe('1722945600.123')
  })
})
