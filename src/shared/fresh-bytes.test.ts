import { expect, it } from 'vitest'
import { freshBytes } from './fresh-bytes.ts'

it.each([0, 1, 12, 32, 64, 65, 10_000])('gives %i bytes, which are its own', (size) => {
  const bytes = freshBytes(size)
  expect(bytes).toHaveLength(size)
  const copy = Buffer.from(bytes)
  for (let count = 0; count < 2_000; count++) freshBytes(12)
  expect(bytes.equals(copy)).toBe(true)
})

it('never gives the same twice, whatever sizes are asked for', () => {
  const seen = new Set<string>()
  for (let count = 0; count < 20_000; count++) seen.add(freshBytes(12 + (count % 53)).toString('hex', 0, 12))
  expect(seen.size).toBe(20_000)
})

it('gives each value about as often as any other', () => {
  const counts = new Array<number>(256).fill(0)
  for (let count = 0; count < 16_000; count++) for (const byte of freshBytes(16)) counts[byte]! += 1
  // 1,000 of each, with a standard deviation of 32.
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(250)
})
