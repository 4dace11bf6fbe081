import type { StepScalingPolicyConfiguration } from '../../../model/generated/application-autoscaling.ts'

/** What a policy makes of `base` instances, before bounds and cooldowns. */
export type Wish = (base: number) => number

/**
 * Target tracking: as many instances as would have had the metric, a value per instance, at its target. From none it counts
 * as from one.
 */
export const proportional =
  (metric: number, target: number): Wish =>
  (base) =>
    Math.ceil(roundedOff((Math.max(base, 1) * metric) / target))

/** The same for fewer instances: never more than the half at once, but always one. */
export const conservative =
  (metric: number, target: number): Wish =>
  (base) =>
    Math.min(base, Math.max(proportional(metric, target)(base), base - Math.max(1, Math.floor(base / 2))))

/** 3 × 1.1 / 1.1 is 3: what floating point adds is no instance. */
const roundedOff = (value: number): number => Number(value.toPrecision(12))

/**
 * Step scaling: the step whose interval holds how far the metric is beyond the alarm's threshold. Undefined when there is
 * none. The bound that is nearer to the threshold belongs to the interval. Source: step scaling policies, "Step adjustments".
 */
export function stepWish(
  {
    AdjustmentType: type,
    StepAdjustments: steps = [],
    MinAdjustmentMagnitude: least = 0,
  }: StepScalingPolicyConfiguration,
  beyond: number,
): Wish | undefined {
  const step = steps.find(({ MetricIntervalLowerBound: lower, MetricIntervalUpperBound: upper }) =>
    beyond >= 0
      ? beyond >= (lower ?? Number.NEGATIVE_INFINITY) && beyond < (upper ?? Number.POSITIVE_INFINITY)
      : beyond > (lower ?? Number.NEGATIVE_INFINITY) && beyond <= (upper ?? Number.POSITIVE_INFINITY),
  )
  if (step === undefined) return undefined
  const { ScalingAdjustment: adjustment } = step
  if (type === 'ExactCapacity') return () => adjustment
  if (type === 'ChangeInCapacity') return (base) => base + adjustment
  return (base) => {
    const change = awayFromNothing((base * adjustment) / 100)
    return base + Math.sign(change) * Math.max(Math.abs(change), least)
  }
}

/** Towards zero, but at least one. Source: step scaling policies, "Scaling adjustment types". */
const awayFromNothing = (change: number): number =>
  change === 0 ? 0 : Math.sign(change) * Math.max(1, Math.floor(Math.abs(change)))

/** What a policy did last with a target. */
export interface LastScaling {
  readonly from: number
  readonly to: number
  /** Seconds that it holds after its end. */
  readonly cooldown: number
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** Undefined while it is under way. */
  readonly endedAt?: number
}

export interface Situation {
  readonly current: number
  readonly min: number
  readonly max: number
  /** Epoch milliseconds. */
  readonly now: number
  readonly last: LastScaling | undefined
  readonly outSuspended: boolean
  readonly inSuspended: boolean
}

export type Decision = { readonly to: number } | { readonly stays: string }

/**
 * Applies bounds, suspensions and cooldowns. A scale-out interrupts the cooldown of a scale-in. While a scale-out cools down,
 * only a larger one from where it began goes on, and nothing is taken away. Source: target tracking and step scaling
 * policies, "Cooldown period"; for capacities beyond the bounds, "Service auto scaling" of ECS.
 */
export function decide(wish: Wish, situation: Situation): Decision {
  const { current, min, max, now, last } = situation
  const bounded = (count: number) => Math.min(max, Math.max(min, count))
  const isCooling = last?.endedAt !== undefined && now < last.endedAt + last.cooldown * 1000
  const wanted = wish(current)
  const to = bounded(wanted)
  // Who has set a capacity beyond the bounds keeps it until a policy leads back: none takes more than what it wants.
  if ((wanted >= current && to < current) || (wanted <= current && to > current))
    return { stays: `the capacity ${current} is beyond the bounds already` }
  if (to === current) return { stays: `the capacity is ${current} already` }
  if (to < current) {
    if (situation.inSuspended) return { stays: 'scaling in is suspended' }
    return isCooling ? { stays: 'a cooldown period is in effect' } : { to }
  }
  if (situation.outSuspended) return { stays: 'scaling out is suspended' }
  if (!isCooling || last.to < last.from || last.to !== current) return { to }
  const larger = bounded(wish(last.from))
  return larger > current ? { to: larger } : { stays: 'a cooldown period is in effect' }
}
