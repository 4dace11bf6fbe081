import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICY, type DeploymentPolicy } from '../endpoints/deployment-policy.ts'
import {
  capacityStages,
  deploymentStages,
  type FleetVariant,
  rollbackStages,
  type Stage,
  waitingSeconds,
} from './deployment-stages.ts'

const fleet = (number: number, variants: Readonly<Record<string, number>>): readonly FleetVariant[] =>
  Object.entries(variants).map(([variant, instances]) => ({ fleet: number, variant, instances, weight: 1 }))

/** `instances × traffic` of each place, and the wait: `1/v:2×1 2/v:2×0 +0`. */
const show = ({ shares, waitSeconds }: Stage): string =>
  `${[...shares].map(([key, { instances, traffic }]) => `${key}:${instances}×${Number(traffic.toFixed(3))}`).join(' ')} +${waitSeconds}`

const percent = (Value: number) => ({ Type: 'CAPACITY_PERCENT' as const, Value })
const count = (Value: number) => ({ Type: 'INSTANCE_COUNT' as const, Value })
const policy = (over: Partial<DeploymentPolicy>): DeploymentPolicy => ({ ...DEFAULT_POLICY, ...over })

describe('the way of an update', () => {
  it.each<readonly [string, DeploymentPolicy, readonly FleetVariant[], readonly FleetVariant[], readonly string[]]>([
    [
      'all at once',
      policy({ terminationWaitSeconds: 9 }),
      fleet(1, { v: 2 }),
      fleet(2, { v: 3 }),
      ['1/v:2×1 2/v:0×0 +0', '1/v:0×0 2/v:3×1 +9'],
    ],
    [
      'a canary',
      policy({ size: percent(30), canary: true, waitSeconds: 5, terminationWaitSeconds: 9 }),
      fleet(1, { v: 4 }),
      fleet(2, { v: 4 }),
      ['1/v:4×1 2/v:0×0 +0', '1/v:4×0.7 2/v:4×0.3 +5', '1/v:0×0 2/v:4×1 +9'],
    ],
    [
      'a canary of some instances',
      policy({ size: count(1), canary: true, waitSeconds: 5 }),
      fleet(1, { v: 4 }),
      fleet(2, { v: 4 }),
      ['1/v:4×1 2/v:0×0 +0', '1/v:4×0.75 2/v:4×0.25 +5', '1/v:0×0 2/v:4×1 +0'],
    ],
    [
      'linear',
      policy({ size: percent(33), waitSeconds: 5, terminationWaitSeconds: 9 }),
      fleet(1, { v: 3 }),
      fleet(2, { v: 3 }),
      [
        '1/v:3×1 2/v:0×0 +0',
        '1/v:3×0.67 2/v:3×0.33 +5',
        '1/v:3×0.34 2/v:3×0.66 +5',
        '1/v:3×0 2/v:3×1 +5',
        '1/v:0×0 2/v:3×1 +9',
      ],
    ],
    [
      'linear with a last step that is smaller',
      policy({ size: percent(40) }),
      fleet(1, { v: 1 }),
      fleet(2, { v: 1 }),
      [
        '1/v:1×1 2/v:0×0 +0',
        '1/v:1×0.6 2/v:1×0.4 +0',
        '1/v:1×0.2 2/v:1×0.8 +0',
        '1/v:1×0 2/v:1×1 +0',
        '1/v:0×0 2/v:1×1 +0',
      ],
    ],
    [
      'to other variants: what goes gives what those that come take',
      policy({ size: percent(50), canary: true }),
      fleet(1, { a: 1, b: 1 }),
      fleet(2, { b: 1, c: 1 }),
      [
        '1/a:1×1 1/b:1×1 2/b:0×0 2/c:0×0 +0',
        '1/a:1×0.5 1/b:1×0.5 2/b:1×0.5 2/c:1×0.5 +0',
        '1/a:0×0 1/b:0×0 2/b:1×1 2/c:1×1 +0',
      ],
    ],
    [
      'rolling',
      policy({ kind: 'rolling', size: percent(50), waitSeconds: 5 }),
      fleet(1, { v: 4 }),
      fleet(2, { v: 4 }),
      ['1/v:4×1 2/v:0×0 +0', '1/v:2×0.5 2/v:2×0.5 +5', '1/v:0×0 2/v:4×1 +5'],
    ],
    [
      'rolling one by one to a fleet of another size: the old one never shrinks too far',
      policy({ kind: 'rolling', size: count(1) }),
      fleet(1, { v: 2 }),
      fleet(2, { v: 3 }),
      ['1/v:2×1 2/v:0×0 +0', '1/v:2×0.667 2/v:1×0.333 +0', '1/v:1×0.333 2/v:2×0.667 +0', '1/v:0×0 2/v:3×1 +0'],
    ],
    [
      'rolling a single instance',
      policy({ kind: 'rolling', size: percent(5) }),
      fleet(1, { v: 1 }),
      fleet(2, { v: 1 }),
      ['1/v:1×1 2/v:0×0 +0', '1/v:0×0 2/v:1×1 +0'],
    ],
    [
      'rolling variants of different sizes: each has traffic only where it has instances',
      policy({ kind: 'rolling', size: count(1) }),
      fleet(1, { a: 2, b: 4, c: 1 }),
      fleet(2, { a: 2, b: 4, d: 2 }),
      [
        '1/a:2×1 1/b:4×1 1/c:1×1 2/a:0×0 2/b:0×0 2/d:0×0 +0',
        '1/a:1×0.5 1/b:3×0.75 1/c:1×0.75 2/a:1×0.5 2/b:1×0.25 2/d:1×0.5 +0',
        '1/a:0×0 1/b:2×0.5 1/c:1×0.5 2/a:2×1 2/b:2×0.5 2/d:2×1 +0',
        '1/a:0×0 1/b:1×0.25 1/c:1×0.25 2/a:2×1 2/b:3×0.75 2/d:2×1 +0',
        '1/a:0×0 1/b:0×0 1/c:0×0 2/a:2×1 2/b:4×1 2/d:2×1 +0',
      ],
    ],
    [
      'away from two fleets that an update has left: each keeps its part until the end',
      policy({ size: percent(50), canary: true }),
      [...fleet(1, { v: 1 }), ...fleet(2, { v: 3 })],
      fleet(3, { v: 4 }),
      ['1/v:1×0.25 2/v:3×0.75 3/v:0×0 +0', '1/v:1×0.125 2/v:3×0.375 3/v:4×0.5 +0', '1/v:0×0 2/v:0×0 3/v:4×1 +0'],
    ],
  ])('%s', (_, given, outgoing, incoming, expected) => {
    const stages = deploymentStages(given, outgoing, incoming)
    expect(stages.map(show)).toEqual(expected)
    for (const { shares } of stages)
      for (const { traffic, instances } of shares.values()) if (traffic > 0) expect(instances).toBeGreaterThan(0)
  })

  it('adds up its waits', () => {
    const given = policy({ size: percent(50), waitSeconds: 5, terminationWaitSeconds: 9 })
    expect(waitingSeconds(deploymentStages(given, fleet(1, { v: 2 }), fleet(2, { v: 2 })))).toBe(19)
  })
})

describe('the way back', () => {
  const back = (given: DeploymentPolicy, old: number, fresh: number, from: number) => {
    const [outgoing, incoming] = [fleet(1, { v: old }), fleet(2, { v: fresh })]
    const forward = deploymentStages(given, outgoing, incoming)
    return rollbackStages(given, outgoing, incoming, forward[from] as Stage).map(show)
  }

  it.each<readonly [string, DeploymentPolicy, number, readonly string[]]>([
    [
      'from a canary is one step: the old fleet is whole',
      policy({ size: percent(25), canary: true }),
      1,
      ['1/v:4×0.75 2/v:4×0.25 +0', '1/v:4×1 2/v:0×0 +0'],
    ],
    ['from the first step ends what was launched', policy({}), 0, ['1/v:4×1 2/v:0×0 +0', '1/v:4×1 2/v:0×0 +0']],
    [
      'of a rolling update brings the whole old fleet up at once',
      policy({ kind: 'rolling', size: percent(25) }),
      2,
      ['1/v:2×0.5 2/v:2×0.5 +0', '1/v:4×1 2/v:0×0 +0'],
    ],
    [
      'of a rolling update goes batch by batch when it is to',
      policy({ kind: 'rolling', size: percent(25), rollbackSize: count(1) }),
      3,
      ['1/v:1×0.25 2/v:3×0.75 +0', '1/v:2×0.5 2/v:2×0.5 +0', '1/v:3×0.75 2/v:1×0.25 +0', '1/v:4×1 2/v:0×0 +0'],
    ],
  ])('%s', (_, given, from, expected) => {
    expect(back(given, 4, 4, from)).toEqual(expected)
  })
})

it('changes capacities in one step, those that are not named included', () => {
  const stages = capacityStages(fleet(1, { a: 3, b: 1 }), [{ variant: 'a', instances: 1, weight: 7 }])
  expect(stages.map(show)).toEqual(['1/a:1×1 1/b:1×1 +0', '1/a:3×1 1/b:1×1 +0'])
  expect(stages.map(({ shares }) => shares.get('1/a')?.weight)).toEqual([7, 1])
})
