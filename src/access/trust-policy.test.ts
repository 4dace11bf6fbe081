import { describe, expect, it } from 'vitest'
import { rolePrincipal, rootPrincipal, userPrincipal } from './principals.ts'
import { admits } from './trust-policy.ts'

const account = '123456789012'
const root = rootPrincipal(account)
const ann = userPrincipal(account, { path: '/team/', name: 'ann', id: 'AIDAANN' })
const session = rolePrincipal(account, { path: '/a/', name: 'dev', id: 'AROADEV' }, 'job')
const service = { service: 'sagemaker.amazonaws.com' }

type Rule = Record<string, unknown>
const allow = (principal: unknown, more: Rule = {}): Rule => ({
  Effect: 'Allow',
  Principal: principal,
  Action: 'sts:AssumeRole',
  ...more,
})
const ask = (
  caller: typeof root | typeof service,
  statements: readonly Rule[],
  conditions: Record<string, string | undefined> = {},
) => admits(JSON.stringify({ Version: '2012-10-17', Statement: statements }), { caller, conditions })

describe('a trust policy', () => {
  it('admits the services it names', () => {
    expect(ask(service, [allow({ Service: 'sagemaker.amazonaws.com' })])).toBe(true)
    expect(ask(service, [allow({ Service: ['lambda.amazonaws.com', 'sagemaker.amazonaws.com'] })])).toBe(true)
    expect(ask(service, [allow({ Service: 'lambda.amazonaws.com' })])).toBe(false)
    expect(ask(service, [allow({ AWS: account })])).toBe(false)
    expect(ask(root, [allow({ Service: 'sagemaker.amazonaws.com' })])).toBe(false)
  })

  it('admits identities by account, ARN, role and id', () => {
    for (const name of ['*', account, `arn:aws:iam::${account}:root`]) {
      for (const caller of [root, ann, session]) expect(ask(caller, [allow({ AWS: name })])).toBe(true)
    }
    expect(ask(root, [allow('*')])).toBe(true)
    expect(ask(ann, [allow({ AWS: `arn:aws:iam::${account}:user/team/ann` })])).toBe(true)
    expect(ask(ann, [allow({ AWS: 'AIDAANN' })])).toBe(true)
    expect(ask(ann, [allow({ AWS: `arn:aws:iam::${account}:user/ann` })])).toBe(false)
    expect(ask(session, [allow({ AWS: `arn:aws:iam::${account}:role/a/dev` })])).toBe(true)
    expect(ask(session, [allow({ AWS: `arn:aws:sts::${account}:assumed-role/dev/job` })])).toBe(true)
    expect(ask(session, [allow({ AWS: `arn:aws:sts::${account}:assumed-role/dev/other` })])).toBe(false)
    expect(ask(root, [allow({ AWS: '999999999999' })])).toBe(false)
  })

  it('lets a denial win, wherever it stands', () => {
    const deny = { ...allow({ AWS: `arn:aws:iam::${account}:user/team/ann` }), Effect: 'Deny' }
    for (const rules of [
      [allow('*'), deny],
      [deny, allow('*')],
    ]) {
      expect(ask(ann, rules)).toBe(false)
      expect(ask(root, rules)).toBe(true)
    }
    const others = { Effect: 'Deny', Action: 'sts:*', NotPrincipal: { AWS: `arn:aws:iam::${account}:root` } }
    expect(ask(ann, [allow('*'), { ...others, NotPrincipal: { AWS: 'AIDAANN' } }])).toBe(true)
    expect(ask(root, [allow('*'), { ...others, NotPrincipal: { AWS: 'AIDAANN' } }])).toBe(false)
  })

  it('is about assuming the role', () => {
    for (const Action of ['*', 'sts:*', 'STS:assumerole', ['sts:TagSession', 'sts:Assume*']]) {
      expect(ask(root, [allow('*', { Action })]), String(Action)).toBe(true)
    }
    expect(ask(root, [allow('*', { Action: 'sts:TagSession' })])).toBe(false)
    expect(ask(root, [allow('*', { Action: undefined, NotAction: 'sts:AssumeRole' })])).toBe(false)
    expect(ask(root, [allow('*', { Action: undefined, NotAction: 'sts:TagSession' })])).toBe(true)
  })

  const when = (Condition: unknown) => [allow('*', { Condition })]
  it.each([
    [{ StringEquals: { 'sts:ExternalId': 'x' } }, { 'sts:externalid': 'x' }, true],
    [{ StringEquals: { 'sts:ExternalId': ['y', 'x'] } }, { 'sts:externalid': 'x' }, true],
    [{ StringEquals: { 'sts:ExternalId': 'x' } }, { 'sts:externalid': 'X' }, false],
    [{ StringEquals: { 'sts:ExternalId': 'x' } }, {}, false],
    [{ StringEqualsIfExists: { 'sts:ExternalId': 'x' } }, {}, true],
    [{ StringNotEquals: { 'sts:ExternalId': 'x' } }, {}, true],
    [{ StringNotEquals: { 'sts:ExternalId': 'x' } }, { 'sts:externalid': 'x' }, false],
    [{ StringLike: { 'aws:SourceAccount': '1234*9?12' } }, { 'aws:sourceaccount': account }, true],
    [
      { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/*' } },
      { 'aws:principalarn': 'arn:aws:iam::1:role/a' },
      true,
    ],
    [{ Bool: { 'aws:MultiFactorAuthPresent': true } }, { 'aws:multifactorauthpresent': 'false' }, false],
    [{ DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, {}, false],
    [{ StringEquals: { a: '1', b: '2' } }, { a: '1', b: '2' }, true],
    [{ StringEquals: { a: '1', b: '2' } }, { a: '1', b: '3' }, false],
  ] as const)('asks for its conditions: %j', (condition, values, expected) => {
    expect(ask(root, when(condition), values)).toBe(expected)
  })

  it('denies when a denial hangs on what it cannot decide', () => {
    const unknown = { SomethingLikeThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }
    expect(ask(root, [allow('*'), { ...allow('*'), Effect: 'Deny', Condition: unknown }])).toBe(false)
  })

  it('takes no time for hostile patterns', () => {
    const start = performance.now()
    const condition = { StringLike: { a: `${'*a'.repeat(2_000)}b` } }
    expect(ask(root, when(condition), { a: 'a'.repeat(5_000) })).toBe(false)
    expect(performance.now() - start).toBeLessThan(2_000)
  })
})
