import { describe, expect, it } from 'vitest'
import { anonymousPrincipal } from '../principals.ts'
import { evaluate } from './evaluate.ts'
import { explain, remedyFor } from './explain.ts'
import { compileGrant } from './grant.ts'
import {
  ANN,
  AWAY,
  allow,
  applicable,
  attach,
  deny,
  documentOf,
  nothing,
  only,
  type Rule,
  requestOf,
  sagemaker,
  session,
} from './test-policies.ts'

const outcomes = (...args: Parameters<typeof explain>) =>
  explain(...args).policies.map(({ policyType, statements }) => [
    policyType,
    ...statements.map(({ outcome }) => outcome),
  ])

describe('an explanation', () => {
  it('says of each statement why it is not about the request', () => {
    const condition = { StringEquals: { 'aws:PrincipalTag/Team': ['red', 'blue'] } }
    const policies = applicable({
      identity: [
        allow({ Action: 'iam:*' }),
        allow({ Resource: 'arn:aws:s3:::other' }),
        allow({ Sid: 'Team', Condition: condition }),
        allow(),
      ],
      boundary: [deny({ Action: 'iam:*' })],
      session: [allow()],
      resource: [only('arn:aws:iam::111122223333:user/bob'), deny({ Principal: '*', Action: 's3:Put*' })],
    })
    const request = requestOf({ context: { 'aws:PrincipalTag/Team': 'green' } })
    expect(outcomes(request, policies)).toEqual([
      ['identity', 'other-action', 'other-resource', 'condition-not-met', 'matches'],
      ['boundary', 'other-action'],
      ['session', 'matches'],
      ['resource', 'other-principal', 'other-action'],
    ])
    expect(explain(request, policies).policies[0]!.statements[2]).toEqual({
      sid: 'Team',
      index: 2,
      effect: 'Allow',
      start: expect.anything(),
      end: expect.anything(),
      outcome: 'condition-not-met',
      condition: { operator: 'StringEquals', key: 'aws:PrincipalTag/Team', expected: ['red', 'blue'], actual: 'green' },
    })
  })

  it('goes on behind a denial', () => {
    expect(outcomes(requestOf({}), applicable({ identity: [deny(), allow()], resource: [only(ANN)] }))).toEqual([
      ['identity', 'matches', 'matches'],
      ['resource', 'matches'],
    ])
  })

  it('shows where statements stand', () => {
    const text = JSON.stringify(JSON.parse(documentOf(allow(), deny())), null, 2)
    const { policies } = explain(requestOf({}), { identity: [attach(text)] })
    const { start, end } = policies[0]!.statements[1]!
    const lines = text.split('\n')
    expect(lines[start.line - 1]!.slice(start.column - 1)).toBe('{')
    expect(lines[end.line - 1]!.slice(0, end.column - 1).trim()).toBe('}')
  })

  it('tells of grants', () => {
    const grant = (grantId: string, granteePrincipal: string, operations: string[], more = {}) =>
      compileGrant({ grantId, granteePrincipal, operations, ...more })
    const grants = [
      grant('1', ANN, ['Encrypt']),
      grant('2', 'arn:aws:iam::111122223333:user/bob', ['Decrypt']),
      grant('3', ANN, ['Decrypt'], { encryptionContextSubset: { a: 'b' } }),
      grant('4', ANN, ['Decrypt']),
    ]
    const { grants: considered, decision } = explain(
      requestOf({ action: 'kms:Decrypt' }),
      applicable({ rule: 'key', grants }),
    )
    expect(decision.allowed).toBe(true)
    expect(considered.map(({ outcome }) => outcome)).toEqual([
      'other-action',
      'other-principal',
      'constraint-not-met',
      'allows',
    ])
  })

  it('is plain data, and holds no secret of the session', () => {
    const explanation = explain(requestOf({ who: session }), applicable({ identity: [allow()] }))
    expect(JSON.parse(JSON.stringify(explanation)).policies).toHaveLength(1)
  })
})

describe('a remedy', () => {
  const trying = (ask: Parameters<typeof requestOf>[0], given: Parameters<typeof applicable>[0]) => {
    const request = requestOf(ask)
    return remedyFor(request, evaluate(request, applicable(given)))
  }

  it('is what one statement would have to say', () => {
    const about = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/model.tar.gz' }
    expect(trying({}, {})).toEqual({ policyType: 'identity', statement: { Effect: 'Allow', ...about } })
    const abroad = { who: session, owner: AWAY }
    expect(trying(abroad, { identity: [allow()] })).toEqual({
      policyType: 'resource',
      statement: { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:role/dev' }, ...about },
    })
    expect(trying({ who: sagemaker }, { rule: 'trust' })).toEqual({
      policyType: 'trust',
      statement: { Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 's3:GetObject' },
    })
    expect(trying({ who: anonymousPrincipal }, {})?.statement).toMatchObject({ Principal: '*' })
  })

  it('works, step by step, until the request is allowed', () => {
    const request = requestOf({ who: session, owner: AWAY })
    const given: Record<'identity' | 'boundary' | 'session' | 'resource', readonly Rule[]> = {
      identity: nothing,
      boundary: nothing,
      session: nothing,
      resource: [only(ANN)],
    }
    const added: string[] = []
    for (let step = 0; step < 5; step += 1) {
      const remedy = remedyFor(request, evaluate(request, applicable(given)))
      if (remedy === undefined) break
      const kind = remedy.policyType as keyof typeof given
      given[kind] = [...given[kind], remedy.statement]
      added.push(kind)
    }
    expect(added).toEqual(['identity', 'boundary', 'session', 'resource'])
    expect(evaluate(request, applicable(given)).allowed).toBe(true)
  })

  it('there is none against a denial, and none is needed when allowed', () => {
    expect(trying({}, { identity: [deny()] })).toBeUndefined()
    expect(trying({}, { identity: [allow()] })).toBeUndefined()
  })
})
