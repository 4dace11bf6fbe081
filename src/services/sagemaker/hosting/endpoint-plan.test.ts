import { describe, expect, it } from 'vitest'
import {
  type EndpointPlan,
  type EndpointView,
  type InstanceView,
  planEndpoint,
  replacementPause,
} from './endpoint-plan.ts'

const NOW = 1_000_000

const instance = (id: string, state: InstanceView['state'], more: Partial<InstanceView> = {}): InstanceView => ({
  id,
  fleet: 1,
  variant: 'v',
  state,
  failures: 0,
  changedAt: NOW,
  detail: undefined,
  ...more,
})

const view = (status: string, desired: number, ...instances: readonly InstanceView[]): EndpointView => ({
  status,
  hosted: true,
  places: [{ fleet: 1, variant: 'v', instances: desired }],
  instances,
})

const REST: EndpointPlan = { stop: [], add: [], status: undefined, forget: false, againInMilliseconds: undefined }
const failed = (reason: string) => ({ to: 'Failed' as const, reason })

describe('planEndpoint', () => {
  it.each<readonly [string, EndpointView, Partial<EndpointPlan>]>([
    [
      'fills every place of a new endpoint',
      view('Creating', 2),
      {
        add: [
          { fleet: 1, variant: 'v', failures: 0 },
          { fleet: 1, variant: 'v', failures: 0 },
        ],
      },
    ],
    ['waits for what starts', view('Creating', 2, instance('a', 'Healthy'), instance('b', 'Starting')), {}],
    [
      'puts an endpoint into service when all places are filled',
      view('Creating', 2, instance('a', 'Healthy'), instance('b', 'Healthy')),
      { status: { to: 'InService' } },
    ],
    [
      'puts an endpoint into service although a failed instance is still ending',
      view('Creating', 1, instance('a', 'Healthy'), instance('b', 'Stopping', { failures: 1 })),
      { status: { to: 'InService' } },
    ],
    [
      'tries again at once after a first failure',
      view('Creating', 1, instance('a', 'Unhealthy', { failures: 1 })),
      { stop: ['a'], add: [{ fleet: 1, variant: 'v', failures: 1 }] },
    ],
    [
      'waits before a third launch',
      view('Creating', 1, instance('a', 'Unhealthy', { failures: 2, changedAt: NOW - 400 })),
      { againInMilliseconds: 600 },
    ],
    [
      'gives a creation up after three launches in one place',
      view('Creating', 2, instance('a', 'Starting'), instance('b', 'Unhealthy', { failures: 3, detail: 'why' })),
      { stop: ['a', 'b'], status: failed('why') },
    ],
    [
      'gives a creation up at once when another try would not help',
      view(
        'Creating',
        3,
        instance('a', 'Healthy'),
        instance('b', 'Stopping'),
        instance('c', 'Failed', { detail: 'why' }),
      ),
      { stop: ['a', 'c'], status: failed('why') },
    ],
    ['leaves a complete endpoint alone', view('InService', 1, instance('a', 'Healthy', { failures: 9 })), {}],
    [
      'replaces an instance, and keeps the other',
      view('InService', 2, instance('a', 'Healthy'), instance('b', 'Unhealthy', { failures: 1 })),
      { stop: ['b'], add: [{ fleet: 1, variant: 'v', failures: 1 }] },
    ],
    [
      'goes on trying in service, however often and however hopeless',
      view('InService', 1, instance('a', 'Failed', { failures: 40, changedAt: NOW - 300_000 })),
      { stop: ['a'], add: [{ fleet: 1, variant: 'v', failures: 40 }] },
    ],
    [
      'looks again when the first of several pauses ends',
      view(
        'InService',
        3,
        instance('a', 'Healthy'),
        instance('b', 'Unhealthy', { failures: 4 }),
        instance('c', 'Failed', { failures: 3 }),
      ),
      { againInMilliseconds: 2_000 },
    ],
    [
      'ends the newest when there are too many, and starting ones before healthy ones',
      view(
        'InService',
        1,
        instance('a', 'Starting', { changedAt: 1 }),
        instance('b', 'Healthy', { changedAt: 3 }),
        instance('c', 'Healthy', { changedAt: 2 }),
      ),
      { stop: ['b', 'a'] },
    ],
    [
      'does not replace a failed instance whose place is taken',
      view('InService', 1, instance('a', 'Unhealthy', { failures: 5 }), instance('b', 'Healthy')),
      { stop: ['a'] },
    ],
    [
      'ends instances of a variant that is no more',
      view('InService', 0, instance('a', 'Healthy', { variant: 'old' }), instance('b', 'Stopping', { variant: 'old' })),
      { stop: ['a'] },
    ],
    [
      'keeps fleets apart, though their variants have one name',
      {
        ...view('Updating', 1, instance('a', 'Healthy'), instance('b', 'Unhealthy', { fleet: 2, failures: 1 })),
        places: [
          { fleet: 1, variant: 'v', instances: 1 },
          { fleet: 2, variant: 'v', instances: 1 },
        ],
      },
      { stop: ['b'], add: [{ fleet: 2, variant: 'v', failures: 1 }] },
    ],
    [
      'ends instances of a fleet that is no more',
      view('InService', 1, instance('a', 'Healthy'), instance('b', 'Healthy', { fleet: 2 })),
      { stop: ['b'] },
    ],
    [
      'ends what a failed endpoint still has',
      view('Failed', 2, instance('a', 'Healthy'), instance('b', 'Stopping')),
      { stop: ['a'] },
    ],
    ['is done with a failed endpoint that has nothing', view('Failed', 2), {}],
    [
      'ends all of a deleted endpoint, whatever its state',
      view('Deleting', 2, instance('a', 'Starting'), instance('b', 'Unhealthy'), instance('c', 'Stopping')),
      { stop: ['a', 'b'] },
    ],
    [
      'forgets a deleted endpoint only when its last instance is gone',
      view('Deleting', 1, instance('a', 'Stopping')),
      {},
    ],
    ['forgets a deleted endpoint', view('Deleting', 1), { forget: true }],
    [
      'needs no instances without a runtime',
      { ...view('Creating', 2), hosted: false },
      { status: { to: 'InService' } },
    ],
    [
      'touches no instance without a runtime',
      { ...view('InService', 2, instance('a', 'Healthy'), instance('b', 'Unhealthy')), hosted: false },
      {},
    ],
    [
      'forgets a deleted endpoint without a runtime, though it has instances',
      { ...view('Deleting', 2, instance('a', 'Healthy')), hosted: false },
      { forget: true },
    ],
  ])('%s', (_, given, expected) => {
    expect(planEndpoint(given, NOW)).toEqual({ ...REST, ...expected })
  })

  it('plans each variant by itself, and waits for all', () => {
    const plan = planEndpoint(
      {
        status: 'Creating',
        hosted: true,
        places: [
          { fleet: 1, variant: 'v', instances: 1 },
          { fleet: 1, variant: 'w', instances: 2 },
        ],
        instances: [instance('a', 'Healthy'), instance('b', 'Healthy', { variant: 'w' })],
      },
      NOW,
    )
    expect(plan).toEqual({ ...REST, add: [{ fleet: 1, variant: 'w', failures: 0 }] })
  })
})

it('pauses longer after each failure, but not beyond five minutes', () => {
  expect([0, 1, 2, 3, 4, 10, 11, 5_000].map(replacementPause)).toEqual([
    0, 0, 1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
  ])
})
