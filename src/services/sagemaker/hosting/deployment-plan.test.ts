import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICY, type DeploymentPolicy } from '../endpoints/deployment-policy.ts'
import { type DeploymentPlan, type DeploymentView, planDeployment } from './deployment-plan.ts'
import { capacityStages, deploymentStages, type FleetVariant, rollbackStages, type Stage } from './deployment-stages.ts'
import type { InstanceView } from './endpoint-plan.ts'

const NOW = 1_000_000

const fleet = (number: number, instances: number): FleetVariant => ({
  fleet: number,
  variant: 'v',
  instances,
  weight: 1,
})
const OLD = [fleet(1, 2)]
const NEW = [fleet(2, 2)]
const way = (over: Partial<DeploymentPolicy> = {}) => deploymentStages({ ...DEFAULT_POLICY, ...over }, OLD, NEW)
const ROLLING = { kind: 'rolling', size: { Type: 'INSTANCE_COUNT', Value: 1 } } as const
const CANARY = { size: { Type: 'CAPACITY_PERCENT', Value: 50 }, canary: true, waitSeconds: 60 } as const

/** `2H 2S 2U3`: fleet, state, failures. */
const instances = (text: string): readonly InstanceView[] =>
  text.split(' ').flatMap((word, index) => {
    const match = /^(\d)([HSUFX])(\d*)$/.exec(word)
    if (match === null) return []
    const state = { H: 'Healthy', S: 'Starting', U: 'Unhealthy', F: 'Failed', X: 'Stopping' } as const
    return [
      {
        id: `i-${index}`,
        fleet: Number(match[1]),
        variant: 'v',
        state: state[match[2] as keyof typeof state],
        failures: Number(match[3] || 0),
        changedAt: NOW,
        detail: 'why',
      },
    ]
  })

const view = (stages: readonly Stage[], given: string, over: Partial<DeploymentView> = {}): DeploymentView => ({
  stages,
  phase: 'Launching',
  step: 1,
  phaseAt: NOW,
  startedAt: NOW,
  turned: false,
  incoming: 2,
  timeoutSeconds: undefined,
  alarm: undefined,
  hosted: true,
  instances: instances(given),
  ...over,
})

/** What each fleet is to have: `1:2×1 2:2×0`. */
const show = ({ shares }: DeploymentPlan): string =>
  [...shares.values()].map(({ fleet: of, instances: many, traffic }) => `${of}:${many}×${traffic}`).join(' ')

type Expected = Partial<Pick<DeploymentPlan, 'move' | 'turn' | 'end' | 'reason' | 'againInMilliseconds'>>

describe('planDeployment', () => {
  it.each<readonly [string, DeploymentView, string, Expected]>([
    ['launches the new fleet beside the old one', view(way(), '1H 1H'), '1:2×1 2:2×0', {}],
    ['waits for all of it', view(way(), '1H 1H 2H 2S'), '1:2×1 2:2×0', {}],
    [
      'moves the traffic when it is there',
      view(way(), '1H 1H 2H 2H'),
      '1:2×0 2:2×1',
      { move: { phase: 'Baking', step: 1 } },
    ],
    [
      'does not mind that an instance of the old fleet is failing',
      view(way(), '1H 1F9 2H 2H'),
      '1:2×0 2:2×1',
      { move: { phase: 'Baking', step: 1 } },
    ],
    [
      'waits before the old fleet goes',
      view(way({ terminationWaitSeconds: 60 }), '1H 1H 2H 2H', { phase: 'Baking', phaseAt: NOW - 1_000 }),
      '1:2×0 2:2×1',
      { againInMilliseconds: 59_000 },
    ],
    [
      'ends the old fleet after that',
      view(way({ terminationWaitSeconds: 60 }), '1H 1H 2H 2H', { phase: 'Baking', phaseAt: NOW - 60_000 }),
      '1:0×0 2:2×1',
      { move: { phase: 'Terminating', step: 1 } },
    ],
    [
      'keeps the old fleet while one of the new is being replaced',
      view(way(), '1H 1H 2H 2U1 2S1', { phase: 'Baking' }),
      '1:2×0 2:2×1',
      {},
    ],
    ['waits until the old fleet is gone', view(way(), '1X 2H 2H', { phase: 'Terminating' }), '1:0×0 2:2×1', {}],
    ['is done then', view(way(), '2H 2H', { phase: 'Terminating' }), '1:0×0 2:2×1', { end: 'done' }],
    [
      'gives a canary its share only',
      view(way(CANARY), '1H 1H 2H 2H'),
      '1:2×0.5 2:2×0.5',
      { move: { phase: 'Baking', step: 1 } },
    ],
    [
      'ends nothing after a canary',
      view(way(CANARY), '1H 1H 2H 2H', { phase: 'Baking', phaseAt: NOW - 60_000 }),
      '1:2×0.5 2:2×0.5',
      { move: { phase: 'Terminating', step: 1 } },
    ],
    [
      'goes on to the next step',
      view(way(CANARY), '1H 1H 2H 2H', { phase: 'Terminating' }),
      '1:2×0.5 2:2×0.5',
      { move: { phase: 'Launching', step: 2 } },
    ],
    ['launches a batch of a rolling update', view(way(ROLLING), '1H 1H'), '1:2×1 2:1×0', {}],
    [
      'ends a batch of a rolling update',
      view(way(ROLLING), '1H 1H 2H', { phase: 'Baking' }),
      '1:1×0.5 2:1×0.5',
      { move: { phase: 'Terminating', step: 1 } },
    ],
    [
      'launches the next batch only when that one is gone',
      view(way(ROLLING), '1H 1X 2H', { phase: 'Terminating' }),
      '1:1×0.5 2:1×0.5',
      {},
    ],
    [
      'then launches it',
      view(way(ROLLING), '1H 2H', { phase: 'Terminating' }),
      '1:1×0.5 2:2×0.5',
      { move: { phase: 'Launching', step: 2 } },
    ],
    ['turns back when the new fleet cannot start', view(way(), '1H 1H 2H 2F'), '1:2×1 2:0×0', { turn: 'why' }],
    ['turns back after three tries', view(way(), '1H 1H 2U3 2S'), '1:2×1 2:0×0', { turn: 'why' }],
    ['does not turn back after two', view(way(), '1H 1H 2U2 2S'), '1:2×1 2:2×0', {}],
    [
      'takes the traffic back at once when the new fleet fails later',
      view(way(), '1H 1H 2H 2U3', { phase: 'Baking' }),
      '1:2×1 2:0×0',
      { turn: 'why' },
    ],
    [
      'goes back to the last step that was good',
      view(way(ROLLING), '1H 2H 2F', { step: 2 }),
      '1:1×0.5 2:1×0.5',
      { turn: 'why' },
    ],
    [
      'turns back for an alarm',
      view(way(CANARY), '1H 1H 2H 2H', { phase: 'Baking', alarm: 'Latency' }),
      '1:2×1 2:0×0',
      { turn: 'The alarm Latency is in ALARM state.' },
    ],
    [
      'no longer minds an alarm when the old fleet is on its way out',
      view(way(), '1X 2H 2H', { phase: 'Terminating', alarm: 'Latency' }),
      '1:0×0 2:2×1',
      {},
    ],
    [
      'turns back when it takes too long',
      view(way(), '1H 1H 2S 2S', { timeoutSeconds: 600, startedAt: NOW - 600_000 }),
      '1:2×1 2:0×0',
      { turn: 'The update did not complete within MaximumExecutionTimeoutInSeconds (600).' },
    ],
    [
      'looks again when it will have taken too long',
      view(way(), '1H 1H 2S 2S', { timeoutSeconds: 600, startedAt: NOW - 599_000 }),
      '1:2×1 2:2×0',
      { againInMilliseconds: 1_000 },
    ],
    [
      'looks again at the end of a wait, if that comes sooner',
      view(way(CANARY), '1H 1H 2H 2H', { phase: 'Baking', timeoutSeconds: 600 }),
      '1:2×0.5 2:2×0.5',
      { againInMilliseconds: 60_000 },
    ],
    ['is done at once without a runtime', view(way(CANARY), '', { hosted: false }), '1:0×0 2:2×1', { end: 'done' }],
  ])('%s', (_, given, shares, expected) => {
    const plan = planDeployment(given, NOW)
    expect(show(plan)).toBe(shares)
    const { move, turn, end, reason, againInMilliseconds } = plan
    expect(JSON.parse(JSON.stringify({ move, turn, end, reason, againInMilliseconds }))).toEqual(expected)
  })
})

describe('planDeployment on its way back', () => {
  const policy: DeploymentPolicy = { ...DEFAULT_POLICY, ...ROLLING }
  const back = (from: number) => rollbackStages(policy, OLD, NEW, way(ROLLING)[from] as Stage)
  const turned = { turned: true } as const

  it.each<readonly [string, DeploymentView, string, Expected]>([
    [
      'needs to wait for nothing when the old fleet is whole',
      view(back(0), '1H 1S 2X', turned),
      '1:2×1 2:0×0',
      { move: { phase: 'Baking', step: 1 } },
    ],
    [
      'is over when the new fleet is gone',
      view(back(0), '1H 1H', { ...turned, phase: 'Terminating' }),
      '1:2×1 2:0×0',
      { end: 'rolled-back' },
    ],
    ['is not before', view(back(0), '1H 1H 2X', { ...turned, phase: 'Terminating' }), '1:2×1 2:0×0', {}],
    ['brings old instances back', view(back(1), '1H 2H', turned), '1:2×0.5 2:1×0.5', {}],
    [
      'gives them the traffic when they are there',
      view(back(1), '1H 1H 2H', turned),
      '1:2×1 2:1×0',
      { move: { phase: 'Baking', step: 1 } },
    ],
    [
      'is stuck when they cannot start, with what runs',
      view(back(1), '1H 1F 2H', turned),
      '1:1×0.5 2:1×0.5',
      { end: 'stuck', reason: 'why' },
    ],
    [
      'minds neither alarms nor time',
      view(back(1), '1H 1S 2H', { ...turned, alarm: 'Latency', timeoutSeconds: 600, startedAt: 0 }),
      '1:2×0.5 2:1×0.5',
      {},
    ],
    [
      'is over at once without a runtime',
      view(back(1), '', { ...turned, hosted: false }),
      '1:2×1 2:0×0',
      { end: 'rolled-back' },
    ],
  ])('%s', (_, given, shares, expected) => {
    const plan = planDeployment(given, NOW)
    expect(show(plan)).toBe(shares)
    const { move, turn, end, reason, againInMilliseconds } = plan
    expect(JSON.parse(JSON.stringify({ move, turn, end, reason, againInMilliseconds }))).toEqual(expected)
  })
})

describe('planDeployment of weights and capacities', () => {
  const to = (now: number, was: number) =>
    capacityStages([{ ...fleet(1, now), weight: 3 }], [{ variant: 'v', instances: was, weight: 1 }])
  const capacity = (now: number, was: number, given: string, over: Partial<DeploymentView> = {}) =>
    view(to(now, was), given, { incoming: undefined, ...over })
  const weight = (plan: DeploymentPlan) =>
    [...plan.shares.values()].map((share) => `${share.instances}/${share.weight}`)

  it.each<readonly [string, DeploymentView, string, Expected]>([
    ['launches what is missing, with the old weight', capacity(2, 1, '1H 1S'), '2/1', {}],
    ['has the new weight when all are there', capacity(2, 1, '1H 1H'), '2/3', { move: { phase: 'Baking', step: 1 } }],
    [
      'moves the weight before it ends instances',
      capacity(1, 2, '1H 1H'),
      '2/3',
      { move: { phase: 'Baking', step: 1 } },
    ],
    [
      'ends those too many',
      capacity(1, 2, '1H 1H', { phase: 'Baking' }),
      '1/3',
      { move: { phase: 'Terminating', step: 1 } },
    ],
    ['waits for them', capacity(1, 2, '1H 1X', { phase: 'Terminating' }), '1/3', {}],
    ['is done', capacity(1, 2, '1H', { phase: 'Terminating' }), '1/3', { end: 'done' }],
    ['turns back when it cannot get there', capacity(2, 1, '1H 1F'), '1/1', { turn: 'why' }],
    [
      'does not mind a failing instance when it wants fewer',
      capacity(1, 2, '1H 1F'),
      '2/3',
      { move: { phase: 'Baking', step: 1 } },
    ],
  ])('%s', (_, given, shares, expected) => {
    const plan = planDeployment(given, NOW)
    expect(weight(plan)).toEqual([shares])
    const { move, turn, end, reason, againInMilliseconds } = plan
    expect(JSON.parse(JSON.stringify({ move, turn, end, reason, againInMilliseconds }))).toEqual(expected)
  })
})
