import { expect, test } from 'vitest'
import { parseRange } from './blob-range.ts'

test.each([
  [undefined, 10, 'whole'],
  ['bytes=0-', 10, { start: 0, end: 9 }],
  ['bytes=2-5', 10, { start: 2, end: 5 }],
  ['bytes=9-99', 10, { start: 9, end: 9 }],
  ['bytes=-3', 10, { start: 7, end: 9 }],
  ['bytes=-99', 10, { start: 0, end: 9 }],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=5-2', 10, 'whole'],
  ['bytes=-', 10, 'whole'],
  ['bytes=1-2,4-5', 10, 'whole'],
  ['chars=1-2', 10, 'whole'],
  ['bytes=x-2', 10, 'whole'],
])('%s of %s bytes', (header, size, expected) => {
  expect(parseRange(header, size)).toEqual(expected)
})
