import { describe, expect, it } from 'vitest'
import { AdaptiveLimit } from './concurrency-limit.ts'

/** Lets a container whose throughput at a number of requests at once is `rate` (a second) have that many requests. */
function run(
  limit: AdaptiveLimit,
  rate: (atOnce: number) => number,
  requests: number,
  ok = true,
  crowded = true,
): number {
  let now = 0
  let most = 0
  for (let count = 0; count < requests; count++) {
    now += 1000 / rate(limit.current)
    limit.note({ crowded, ok }, now)
    most = Math.max(most, limit.current)
  }
  return most
}

describe('AdaptiveLimit', () => {
  it('grows as long as more requests get through', () => {
    const limit = new AdaptiveLimit()
    run(limit, (atOnce) => 100 * atOnce, 20_000)
    expect(limit.current).toBe(256)
  })

  it('stays near where a container is full', () => {
    const limit = new AdaptiveLimit()
    expect(run(limit, (atOnce) => 100 * Math.min(atOnce, 8), 20_000)).toBeLessThan(30)
    expect(limit.current).toBeGreaterThanOrEqual(6)
  })

  it('goes down to one request at once for a container that fails', () => {
    const limit = new AdaptiveLimit()
    run(limit, () => 1_000, 2_000, false)
    expect(limit.current).toBe(1)
  })

  it('learns nothing while there is nothing to gain', () => {
    const limit = new AdaptiveLimit()
    run(limit, () => 1_000, 5_000, true, false)
    expect(limit.current).toBe(4)
  })
})
