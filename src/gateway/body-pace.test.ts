import { describe, expect, it } from 'vitest'
import { timeForBody } from './body-pace.ts'

describe('the time for a body', () => {
  const pace = { bodySeconds: 30, bodyBytesPerSecond: 4096 }

  it.each([
    ['nothing has its seconds', 0, 30_000],
    ['what has come buys more', 4096, 31_000],
    ['25 MiB at the least rate', 25 * 1024 * 1024, 6_430_000],
  ])('%s', (_what, received, milliseconds) => {
    expect(timeForBody(received, pace)).toBe(milliseconds)
  })

  it('runs out for whoever sends less, and never for whoever sends more', () => {
    const late = (rate: number) =>
      Array.from({ length: 10_000 }, (_, second) => second).find(
        (second) => second * 1000 > timeForBody(second * rate, pace),
      )
    expect(late(1 / 60)).toBe(31)
    expect(late(2048)).toBe(61)
    expect(late(4096)).toBeUndefined()
  })
})
