import { describe, expect, it } from 'vitest'
import type { Principal } from '../principal.ts'
import { anonymousPrincipal } from '../principals.ts'
import type { ResourcePolicies } from './access-request.ts'
import { explain } from './explain.ts'
import {
  ANN,
  type Ask,
  AWAY,
  allow,
  ann,
  applicable,
  bob,
  decide,
  deny,
  HOME,
  inWords,
  type Policies,
  ROLE,
  ROOT,
  type Rule,
  requestOf,
  root,
  SESSION,
  sagemaker,
  session,
} from './test-policies.ts'

/* What holds for all policies, tried on many made at random: the same ones in every run. */

function sequence(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}

const random = sequence(20_260_501)
const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!
const some = <Value>(make: () => Value, most: number): Value[] =>
  Array.from({ length: Math.floor(random() * (most + 1)) }, make)

const NAMES = ['*', HOME, ROOT, ANN, ROLE, SESSION, AWAY, 'AROADEVDEVDEVDEVD']
const CONDITIONS = [
  { StringEquals: { 'aws:username': 'ann' } },
  { StringNotEquals: { 'aws:username': 'ann' } },
  { Null: { 'aws:username': 'true' } },
  { Nonsense: { 'a:b': 'c' } },
]

const statement = (): Rule => ({
  Effect: pick(['Allow', 'Allow', 'Allow', 'Deny']),
  [pick(['Action', 'Action', 'Action', 'NotAction'])]: pick(['*', 's3:*', 's3:Get*', 's3:GetObject', 'iam:*']),
  [pick(['Resource', 'Resource', 'NotResource'])]: pick(['*', 'arn:aws:s3:::data/*', 'arn:aws:s3:::other/*']),
  ...(random() < 0.3 && { Condition: pick(CONDITIONS) }),
})
const named = (): Rule => ({
  ...statement(),
  [pick(['Principal', 'Principal', 'Principal', 'NotPrincipal'])]: pick<unknown>([
    '*',
    { AWS: pick(NAMES) },
    { Service: 'sagemaker.amazonaws.com' },
  ]),
})

interface World {
  readonly ask: Ask
  readonly policies: Policies
}
const world = (): World => ({
  ask: {
    who: pick<Principal>([ann, bob, root, session, sagemaker, anonymousPrincipal]),
    owner: pick([HOME, HOME, AWAY]),
    context: pick<Ask['context']>([{}, { 'aws:username': 'ann' }]),
  },
  policies: {
    identity: some(statement, 3),
    boundary: random() < 0.3 ? [statement(), statement()] : undefined,
    session: random() < 0.3 ? [statement(), statement()] : undefined,
    resource: some(named, 3),
    rule: pick<ResourcePolicies['rule']>(['ordinary', 'bucket', 'key', 'trust']),
  },
})
const forMany = (check: (world: World) => void): void => {
  for (let round = 0; round < 3_000; round += 1) check(world())
}
const reversed = (rules: readonly Rule[] | undefined) => rules && [...rules].reverse()

describe('for all policies', () => {
  it('both outcomes are tried', () => {
    const outcomes = new Set<string>()
    forMany(({ ask, policies }) => outcomes.add(decide(ask, policies)))
    expect([...outcomes].sort()).toEqual([
      'allow',
      'deny boundary',
      'deny identity',
      'deny resource',
      'deny session',
      'deny trust',
      'explicit boundary',
      'explicit identity',
      'explicit resource',
      'explicit session',
      'explicit trust',
    ])
  })

  it('a denial wins wherever it stands', () => {
    const never = { allowed: false, explicit: true }
    forMany(({ ask, policies }) => {
      for (const kind of ['identity', 'boundary', 'session'] as const) {
        const rules = [...(policies[kind] ?? [allow()]), deny()]
        expect(explain(requestOf(ask), applicable({ ...policies, [kind]: rules })).decision).toMatchObject(never)
      }
      const resource = [...(policies.resource ?? []), deny({ Principal: '*' })]
      expect(explain(requestOf(ask), applicable({ ...policies, resource })).decision).toMatchObject(never)
    })
  })

  it('one more Allow takes nothing away', () => {
    forMany(({ ask, policies }) => {
      if (decide(ask, policies) !== 'allow') return
      const { identity = [], resource = [] } = policies
      expect(decide(ask, { ...policies, identity: [...identity, { ...statement(), Effect: 'Allow' }] })).toBe('allow')
      expect(decide(ask, { ...policies, resource: [...resource, { ...named(), Effect: 'Allow' }] })).toBe('allow')
    })
  })

  it('one Deny more gives nothing', () => {
    forMany(({ ask, policies }) => {
      if (decide(ask, policies) === 'allow') return
      const { identity = [], resource = [] } = policies
      expect(decide(ask, { ...policies, identity: [...identity, { ...statement(), Effect: 'Deny' }] })).not.toBe(
        'allow',
      )
      expect(decide(ask, { ...policies, resource: [...resource, { ...named(), Effect: 'Deny' }] })).not.toBe('allow')
    })
  })

  it('a boundary or session policy gives nothing', () => {
    forMany(({ ask, policies }) => {
      const without = decide(ask, { ...policies, boundary: undefined, session: undefined })
      if (without !== 'allow') expect(decide(ask, policies)).not.toBe('allow')
    })
  })

  it('the order of statements does not matter', () => {
    forMany(({ ask, policies }) => {
      const { identity, boundary, session: limits, resource } = policies
      const turned = {
        ...policies,
        identity: reversed(identity),
        boundary: reversed(boundary),
        session: reversed(limits),
        resource: reversed(resource),
      }
      expect(decide(ask, turned)).toBe(decide(ask, policies))
    })
  })

  it('nobody outside the account is let in by the identity alone', () => {
    forMany(({ ask, policies }) => {
      expect(decide({ ...ask, owner: AWAY }, { ...policies, resource: [] })).not.toBe('allow')
    })
  })

  it('an explanation agrees with the decision', () => {
    forMany(({ ask, policies }) => {
      const { decision, policies: considered } = explain(requestOf(ask), applicable(policies))
      expect(inWords(decision)).toBe(decide(ask, policies))
      const denying = considered.some(({ statements }) =>
        statements.some(({ outcome, effect }) => outcome === 'matches' && effect === 'Deny'),
      )
      expect(denying).toBe(!decision.allowed && decision.explicit)
    })
  })
})
