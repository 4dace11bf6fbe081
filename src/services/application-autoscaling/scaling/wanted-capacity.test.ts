import { describe, expect, it } from 'vitest'
import { conservative, decide, proportional, type Situation, stepWish } from './wanted-capacity.ts'

describe('target tracking', () => {
  it.each([
    // base, metric, target, wanted
    [1, 100, 50, 2],
    [2, 51, 50, 3],
    [3, 1.1, 1.1, 3],
    [0, 12, 5, 3],
    [4, 1e9, 1, 4e9],
  ])('wants of %i instances at %d for %d: %i', (base, metric, target, wanted) => {
    expect(proportional(metric, target)(base)).toBe(wanted)
  })
  it.each([
    [10, 0, 50, 5],
    [10, 40, 50, 8],
    [3, 0, 50, 2],
    [1, 0, 50, 0],
    [0, 0, 50, 0],
    [2, 49, 50, 2],
    [2, 90, 50, 2],
  ])('takes from %i instances at %d for %d, leaving %i', (base, metric, target, wanted) => {
    expect(conservative(metric, target)(base)).toBe(wanted)
  })
})

describe('steps', () => {
  const steps = [
    { MetricIntervalLowerBound: 0, MetricIntervalUpperBound: 10, ScalingAdjustment: 10 },
    { MetricIntervalLowerBound: 10, ScalingAdjustment: 30 },
    { MetricIntervalLowerBound: -10, MetricIntervalUpperBound: 0, ScalingAdjustment: -10 },
  ]
  it.each([
    ['ChangeInCapacity', 0, 10, 20],
    ['ChangeInCapacity', 10, 10, 40],
    ['ChangeInCapacity', -1, 10, 0],
    ['ExactCapacity', 5, 3, 10],
    ['PercentChangeInCapacity', 5, 10, 11],
    ['PercentChangeInCapacity', 5, 3, 4],
    ['PercentChangeInCapacity', 10, 9, 11],
    ['PercentChangeInCapacity', -5, 3, 2],
    ['PercentChangeInCapacity', 5, 0, 0],
  ] as const)('%s, %d beyond, of %i: %i', (AdjustmentType, beyond, base, wanted) => {
    expect(stepWish({ AdjustmentType, StepAdjustments: steps }, beyond)?.(base)).toBe(wanted)
  })
  it('changes by the least magnitude, and nothing outside the steps', () => {
    const configuration = { AdjustmentType: 'PercentChangeInCapacity', StepAdjustments: steps } as const
    expect(stepWish({ ...configuration, MinAdjustmentMagnitude: 4 }, 5)?.(10)).toBe(14)
    expect(stepWish({ ...configuration, MinAdjustmentMagnitude: 4 }, -5)?.(10)).toBe(6)
    expect(stepWish(configuration, -10)).toBeUndefined()
  })
})

describe('the decision', () => {
  const at: Situation = {
    current: 4,
    min: 2,
    max: 8,
    now: 100_000,
    last: undefined,
    outSuspended: false,
    inSuspended: false,
  }
  const last = (from: number, endedAt = 50_000) => ({ from, to: 4, cooldown: 60, startedAt: 40_000, endedAt })
  const by = (change: number) => (base: number) => base + change
  it.each([
    ['stays between the bounds', by(100), at, { to: 8 }],
    ['stays between the bounds, below', by(-100), at, { to: 2 }],
    ['comes back from above', by(-1), { ...at, current: 12 }, { to: 8 }],
    ['comes back from below', by(1), { ...at, current: 0 }, { to: 2 }],
    ['scales in a cooled target', by(-1), { ...at, last: last(2, 39_000) }, { to: 3 }],
    ['interrupts the cooldown of a scale-in', by(1), { ...at, last: last(6) }, { to: 5 }],
    ['goes on with a larger scale-out', by(3), { ...at, last: last(2) }, { to: 5 }],
  ])('%s', (_name, wish, situation, decision) => {
    expect(decide(wish, situation)).toEqual(decision)
  })
  it.each([
    ['nothing to do', by(0), at],
    ['a scale-out that was made already', by(2), { ...at, last: last(2) }],
    ['a scale-in after a scale-out', by(-1), { ...at, last: last(2) }],
    ['a scale-in after a scale-in', by(-1), { ...at, last: last(6) }],
    ['suspended outwards', by(1), { ...at, outSuspended: true }],
    ['a scale-out above the bounds', by(1), { ...at, current: 12 }],
    ['a scale-in below the bounds', by(-1), { ...at, current: 1 }],
    ['suspended inwards', by(-1), { ...at, inSuspended: true }],
  ])('does nothing: %s', (_name, wish, situation) => {
    expect(decide(wish, situation)).toHaveProperty('stays')
  })
})
