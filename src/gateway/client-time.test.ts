import { expect, it } from 'vitest'
import { ClientTime } from './client-time.ts'

it('passes as it does for everybody, but for the pauses of the process', () => {
  let now = 5_000
  const time = new ClientTime(() => now)
  const since = time.now()
  const after = (milliseconds: number) => {
    now += milliseconds
    return time.now() - since
  }
  expect(after(0)).toBe(0)
  expect(after(500)).toBe(500)
  expect(after(1_000)).toBe(1_500)
  // Of an hour nobody was there for, no more than between any two looks.
  expect(after(3_600_000)).toBe(2_500)
  expect(after(500)).toBe(3_000)
})
