import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import {
  ANN,
  type Ask,
  AWAY,
  allow,
  applicable,
  deny,
  everyone,
  HOME,
  inWords,
  nothing,
  OTHERS,
  only,
  policyOf,
  ROLE,
  ROOT,
  requestOf,
  root,
  SESSION,
  session,
  table,
} from './test-policies.ts'

const asRole: Ask = { who: session }

// biome-ignore format: one case a line
table('within an account, the identity', [
  ['is denied by default', {}, {}, 'deny identity'],
  ['is denied by default as a role', asRole, {}, 'deny identity'],
  ['root has full access', { who: root }, {}, 'allow'],
  ['is allowed by its policy', {}, { identity: [allow()] }, 'allow'],
  ['is allowed by its policy as a role', asRole, { identity: [allow()] }, 'allow'],
  ['is not allowed by a policy on other actions', {}, { identity: [allow({ Action: 's3:PutObject' })] }, 'deny identity'],
  ['is not allowed by a policy on others', {}, { identity: [allow({ Resource: 'arn:aws:s3:::b/*' })] }, 'deny identity'],
  ['is denied by its policy', {}, { identity: [deny()] }, 'explicit identity'],
  ['is denied where one statement denies', {}, { identity: [allow(), deny()] }, 'explicit identity'],
  ['is denied whatever the order', {}, { identity: [deny(), allow()] }, 'explicit identity'],
  ['is not denied by what is denied elsewhere', {}, { identity: [allow(), deny({ Action: 'iam:*' })] }, 'allow'],
  ['is allowed when one of many allows', {}, { identity: [allow({ Action: 'iam:*' }), allow()] }, 'allow'],
  ['is denied though the bucket allows', {}, { identity: [deny()], resource: [only(ANN)] }, 'explicit identity'],
  ['owner unknown: its own', { owner: '' }, { identity: [allow()] }, 'allow'],
  ['owner unknown: its own, denied', { owner: '' }, {}, 'deny identity'],
])

// biome-ignore format: one case a line
table('within an account, the resource', [
  ['allows a user it names', {}, { resource: [only(ANN)] }, 'allow'],
  ['allows a user by unique id', {}, { resource: [only('AIDAANNAAAAAAAAAA')] }, 'allow'],
  ['does not allow another user', {}, { resource: [only('arn:aws:iam::111122223333:user/bob')] }, 'deny identity'],
  ['knows users by their case', {}, { resource: [only('arn:aws:iam::111122223333:user/Ann')] }, 'deny identity'],
  ['passes on to IAM by account id', {}, { resource: [only(HOME)] }, 'deny identity'],
  ['passes on to IAM by root ARN', {}, { resource: [only(ROOT)] }, 'deny identity'],
  ['needs no more where the identity is allowed', {}, { resource: [only(ROOT)], identity: [allow()] }, 'allow'],
  ['allows everyone in the account by *', {}, { resource: [everyone()] }, 'allow'],
  ['allows everyone by AWS *', {}, { resource: [only('*')] }, 'allow'],
  ['allows everyone by * as a role', asRole, { resource: [everyone()] }, 'allow'],
  ['allows a role', asRole, { resource: [only(ROLE)] }, 'allow'],
  ['allows a role by unique id', asRole, { resource: [only('AROADEVDEVDEVDEVD')] }, 'allow'],
  ['allows a session', asRole, { resource: [only(SESSION)] }, 'allow'],
  ['does not allow another session', asRole, { resource: [only(`${SESSION}2`)] }, 'deny identity'],
  ['does not take a role for a user', {}, { resource: [only(ROLE)] }, 'deny identity'],
  ['does not know federated principals', {}, { resource: [allow({ Principal: { Federated: ANN } })] }, 'deny identity'],
  ['does not take a user for a service', {}, { resource: [allow({ Principal: { Service: ANN } })] }, 'deny identity'],
  ['denies a user it names', {}, { identity: [allow()], resource: [deny({ Principal: { AWS: ANN } })] }, 'explicit resource'],
  ['denies an account', {}, { identity: [allow()], resource: [deny({ Principal: { AWS: HOME } })] }, 'explicit resource'],
  ['denies a role', asRole, { identity: [allow()], resource: [deny({ Principal: { AWS: ROLE } })] }, 'explicit resource'],
  ['denies root', { who: root }, { resource: [deny({ Principal: { AWS: ROOT } })] }, 'explicit resource'],
  ['denies everyone', {}, { identity: [allow()], resource: [deny({ Principal: '*' })] }, 'explicit resource'],
  ['denies none but others', {}, { identity: [allow()], resource: [deny({ Principal: { AWS: AWAY } })] }, 'allow'],
  ['that allows without a principal allows nobody', {}, { resource: [allow()] }, 'deny identity'],
  ['that denies without a principal denies all', {}, { identity: [allow()], resource: [deny()] }, 'explicit resource'],
  ['allows by one of several names', {}, { resource: [allow({ Principal: { AWS: [OTHERS, ANN] } })] }, 'allow'],
])

// biome-ignore format: one case a line
table('a permissions boundary', [
  ['leaves what it allows', {}, { identity: [allow()], boundary: [allow()] }, 'allow'],
  ['holds back what it does not', {}, { identity: [allow()], boundary: nothing }, 'deny boundary'],
  ['grants nothing itself', {}, { boundary: [allow()] }, 'deny identity'],
  ['denies', {}, { identity: [allow()], boundary: [allow(), deny()] }, 'explicit boundary'],
  ['does not hold back a user whom the resource names', {}, { boundary: nothing, resource: [only(ANN)] }, 'allow'],
  ['does not hold back everyone', {}, { boundary: nothing, resource: [everyone()] }, 'allow'],
  ['holds back a role that the resource names', asRole, { boundary: nothing, resource: [only(ROLE)] }, 'deny boundary'],
  ['does not hold back a session that it names', asRole, { boundary: nothing, resource: [only(SESSION)] }, 'allow'],
  ['holds back an account that it names', {}, { identity: [allow()], boundary: nothing, resource: [only(HOME)] }, 'deny boundary'],
  ['denies though the resource names the user', {}, { boundary: [deny()], resource: [only(ANN)] }, 'explicit boundary'],
  ['leaves a role what it allows', asRole, { boundary: [allow()], resource: [only(ROLE)] }, 'allow'],
  ['is met by NotPrincipal, whatever it names', {}, { identity: [allow()], boundary: [allow()], resource: [deny({ NotPrincipal: { AWS: ANN } })] }, 'explicit resource'],
])

// biome-ignore format: one case a line
table('a session policy', [
  ['leaves what it allows', asRole, { identity: [allow()], session: [allow()] }, 'allow'],
  ['holds back what it does not', asRole, { identity: [allow()], session: nothing }, 'deny session'],
  ['grants nothing itself', asRole, { session: [allow()] }, 'deny identity'],
  ['denies', asRole, { identity: [allow()], session: [allow(), deny()] }, 'explicit session'],
  ['holds back a role that the resource names', asRole, { session: nothing, resource: [only(ROLE)] }, 'deny session'],
  ['does not hold back a session that it names', asRole, { session: nothing, resource: [only(SESSION)] }, 'allow'],
  ['does not hold back everyone', asRole, { session: nothing, resource: [everyone()] }, 'allow'],
  ['denies though the resource names the session', asRole, { session: [deny()], resource: [only(SESSION)] }, 'explicit session'],
  ['and a boundary must both allow', asRole, { identity: [allow()], boundary: [allow()], session: [allow()] }, 'allow'],
  ['and a boundary: the boundary is told first', asRole, { identity: [allow()], boundary: nothing, session: nothing }, 'deny boundary'],
])

describe('several session policies', () => {
  it('allow what any of them allows, and deny what any denies', () => {
    const request = requestOf(asRole)
    const policies = { ...applicable({ identity: [allow()] }), session: [policyOf(...nothing), policyOf(allow())] }
    expect(inWords(evaluate(request, policies))).toBe('allow')
    const denying = { ...policies, session: [...policies.session, policyOf(deny())] }
    expect(inWords(evaluate(request, denying))).toBe('explicit session')
    expect(inWords(evaluate(request, { ...policies, session: [] }))).toBe('deny session')
  })
})
