// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like that
import { expect, it } from 'vitest'
import { type Simulation, simulate } from './simulate.ts'
import { AWAY, allow, ann, applicable, attach, deny, documentOf, HOME, only, ROOT } from './test-policies.ts'

const bucket = 'arn:aws:s3:::data'
const run = (more: Partial<Simulation>) =>
  simulate({
    caller: ann,
    policies: { identity: [] },
    actions: ['s3:ListBucket'],
    resources: ['*'],
    resourceOwner: '',
    contextEntries: [],
    ...more,
  })
const decisions = (more: Partial<Simulation>) => run(more).map(({ evalDecision }) => evalDecision)

it('decides every action on every resource', () => {
  const policies = applicable({
    identity: [allow({ Action: 's3:*', Resource: bucket }), deny({ Action: 's3:Delete*' })],
  })
  const results = run({ policies, actions: ['s3:ListBucket', 's3:DeleteBucket'], resources: [bucket, `${bucket}2`] })
  expect(results.map((result) => [result.evalActionName, result.evalResourceName, result.evalDecision])).toEqual([
    ['s3:ListBucket', bucket, 'allowed'],
    ['s3:ListBucket', `${bucket}2`, 'implicitDeny'],
    ['s3:DeleteBucket', bucket, 'explicitDeny'],
    ['s3:DeleteBucket', `${bucket}2`, 'explicitDeny'],
  ])
})

it('names the statements that decide, and where they stand', () => {
  const text = documentOf(allow({ Action: 's3:*' }), deny({ Action: 's3:Delete*' }))
  const policies = { identity: [attach(text, 'PolicyInputList.1')] }
  const [allowed] = run({ policies })
  const start = text.indexOf('{"Effect":"Allow"')
  const end = text.indexOf('}', start) + 1
  expect(allowed!.matchedStatements).toEqual([
    {
      sourcePolicyId: 'PolicyInputList.1',
      sourcePolicyType: 'user-managed',
      startPosition: { line: 1, column: start + 1 },
      endPosition: { line: 1, column: end + 1 },
    },
  ])
  const [denied] = run({ policies, actions: ['s3:DeleteBucket'] })
  expect(denied!.matchedStatements).toHaveLength(1)
  expect(denied!.matchedStatements[0]!.startPosition.column).toBeGreaterThan(end)
})

it('tells which context keys it has not been given', () => {
  const policies = applicable({
    identity: [
      allow({
        Condition: {
          IpAddress: { 'aws:SourceIp': '203.0.113.0/24' },
          StringEquals: { 's3:prefix': '${aws:username}' },
        },
      }),
      allow({ Resource: 'arn:aws:s3:::${aws:PrincipalTag/team}' }),
    ],
  })
  const entries = [{ key: 'AWS:SourceIp', values: ['203.0.113.9'] }]
  const [result] = run({ policies, contextEntries: entries })
  expect(result).toMatchObject({
    evalDecision: 'implicitDeny',
    missingContextValues: ['s3:prefix', 'aws:username', 'aws:principaltag/team'],
  })
  const all = [...entries, { key: 's3:prefix', values: ['ann'] }, { key: 'aws:username', values: ['ann'] }]
  expect(decisions({ policies, contextEntries: all })).toEqual(['allowed'])
})

it('takes several values of a key', () => {
  const policies = applicable({
    identity: [allow({ Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } } })],
  })
  expect(decisions({ policies, contextEntries: [{ key: 'aws:TagKeys', values: ['a', 'b'] }] })).toEqual(['allowed'])
  expect(decisions({ policies, contextEntries: [{ key: 'aws:TagKeys', values: ['a', 'c'] }] })).toEqual([
    'implicitDeny',
  ])
})

it('tells of the boundary apart', () => {
  const identity = [allow()]
  const held = run({ policies: applicable({ identity, boundary: [allow({ Action: 'iam:*' })] }) })
  expect(held).toMatchObject([{ evalDecision: 'implicitDeny', allowedByPermissionsBoundary: false }])
  const left = run({ policies: applicable({ identity, boundary: [allow()] }) })
  expect(left).toMatchObject([{ evalDecision: 'allowed', allowedByPermissionsBoundary: true }])
  expect(left[0]!.matchedStatements).toHaveLength(1)
  expect(run({ policies: applicable({ identity }) })[0]!.allowedByPermissionsBoundary).toBeUndefined()
})

it('tells of both sides between accounts', () => {
  const identity = [allow()]
  const [alone] = run({ policies: applicable({ identity }), resourceOwner: AWAY })
  expect(alone).toMatchObject({
    evalDecision: 'implicitDeny',
    evalDecisionDetails: { 'IAM Policy': 'allowed', 'Resource Policy': 'implicitDeny' },
  })
  const [both] = run({ policies: applicable({ identity, resource: [only(ROOT)] }), resourceOwner: AWAY })
  expect(both).toMatchObject({ evalDecision: 'allowed', evalDecisionDetails: { 'Resource Policy': 'allowed' } })
  expect(run({ policies: applicable({ identity }), resourceOwner: HOME })[0]!.evalDecisionDetails).toBeUndefined()
})
