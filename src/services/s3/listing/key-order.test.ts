import { expect, test } from 'vitest'
import { afterPrefix, compareKeys } from './key-order.ts'

test('keys are ordered by their bytes, in which U+FFFD comes before the emoji', () => {
  const keys = ['b', '🌊', '\ufffd', 'a/', 'a', 'ä', 'a0', '']
  expect(keys.sort(compareKeys)).toEqual(['', 'a', 'a/', 'a0', 'b', 'ä', '\ufffd', '🌊'])
})

test.each([
  ['a', 'b'],
  ['a/', 'a0'],
  ['logs/2026', 'logs/2027'],
  ['\ud7ff', '\ue000'],
  ['🌊', '🌋'],
  ['a\u{10ffff}', 'b'],
])('behind everything that starts with %j comes %j', (prefix, expected) => {
  const behind = afterPrefix(prefix)!
  expect(behind).toBe(expected)
  expect(compareKeys(behind, `${prefix}\u{10ffff}\u{10ffff}`)).toBeGreaterThan(0)
  expect(behind.isWellFormed()).toBe(true)
})

test('nothing comes behind the last characters there are', () => {
  expect(afterPrefix('')).toBeUndefined()
  expect(afterPrefix('\u{10ffff}\u{10ffff}')).toBeUndefined()
})
