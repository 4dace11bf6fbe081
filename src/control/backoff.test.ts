import { expect, test } from 'vitest'
import { backoff } from './backoff.ts'

test('doubles from 250 ms to 60 s', () => {
  expect([1, 2, 3, 8, 9, 10, 1_000_000].map((attempts) => backoff(attempts, 0))).toEqual([
    250, 500, 1_000, 32_000, 60_000, 60_000, 60_000,
  ])
})

test('takes off up to half', () => {
  expect(backoff(1, 1)).toBe(125)
  expect(backoff(20, 0.5)).toBe(45_000)
})
