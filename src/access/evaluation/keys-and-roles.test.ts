import { describe, expect, it } from 'vitest'
import { servicePrincipal } from '../principals.ts'
import { compileGrant } from './grant.ts'
import {
  ANN,
  type Ask,
  AWAY,
  allow,
  bob,
  decide,
  deny,
  everyone,
  nothing,
  OTHERS,
  only,
  type Policies,
  ROLE,
  ROOT,
  type Rule,
  root,
  SESSION,
  sagemaker,
  service,
  session,
  table,
} from './test-policies.ts'

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const decrypt: Ask = { action: 'kms:Decrypt', resource: KEY }
const key = (...resource: readonly ReturnType<typeof allow>[]): Policies => ({ rule: 'key', resource })
const toIam = only(ROOT, { Action: 'kms:*' })
const grant = (granteePrincipal: string, more = {}) =>
  [compileGrant({ grantId: 'g', granteePrincipal, operations: ['Decrypt', 'DescribeKey'], ...more })] as const

// biome-ignore format: one case a line
table('a key', [
  ['is no root’s without its policy', { ...decrypt, who: root }, key(only(ANN)), 'deny resource'],
  ['is root’s by its policy', { ...decrypt, who: root }, key(toIam), 'allow'],
  ['is no user’s by a policy of the user alone', decrypt, { ...key(only('arn:aws:iam::111122223333:user/bob')), identity: [allow()] }, 'deny resource'],
  ['is a user’s by name alone', decrypt, key(only(ANN)), 'allow'],
  ['is a role’s by name alone', { ...decrypt, who: session }, key(only(ROLE)), 'allow'],
  ['is everyone’s in the account', decrypt, key(everyone()), 'allow'],
  ['leaves it to IAM', decrypt, key(toIam), 'deny identity'],
  ['leaves it to IAM, which allows', decrypt, { ...key(toIam), identity: [allow()] }, 'allow'],
  ['leaves to IAM only the actions it names', decrypt, { ...key(only(ROOT, { Action: 'kms:DescribeKey' })), identity: [allow()] }, 'deny resource'],
  ['leaves it to IAM under its conditions', decrypt, { ...key(only(ROOT, { Condition: { StringEquals: { 'kms:ViaService': 's3' } } })), identity: [allow()] }, 'deny resource'],
  ['denies', decrypt, { ...key(only(ANN), deny({ Principal: '*' })), identity: [allow()] }, 'explicit resource'],
  ['is denied by IAM though IAM is not asked', decrypt, { ...key(only(ANN)), identity: [deny()] }, 'explicit identity'],
  ['is held back from a role by a boundary', { ...decrypt, who: session }, { ...key(only(ROLE)), boundary: nothing }, 'deny boundary'],
  ['is not held back from a user by name', decrypt, { ...key(only(ANN)), boundary: nothing }, 'allow'],
  ['is another account’s when both sides allow', { ...decrypt, owner: AWAY }, { ...key(only(ROOT)), identity: [allow()] }, 'allow'],
  ['is not another account’s without its IAM', { ...decrypt, owner: AWAY }, key(only(ROOT)), 'deny identity'],
  ['is not another account’s without its own policy', { ...decrypt, owner: AWAY }, { ...key(only(OTHERS)), identity: [allow()] }, 'deny resource'],
  ['is not another’s user’s by name alone', { ...decrypt, owner: AWAY }, key(only(ANN)), 'deny identity'],
])

// biome-ignore format: one case a line
table('a grant', [
  ['allows a user', decrypt, { ...key(), grants: grant(ANN) }, 'allow'],
  ['allows a role', { ...decrypt, who: session }, { ...key(), grants: grant(ROLE) }, 'allow'],
  ['allows a session', { ...decrypt, who: session }, { ...key(), grants: grant(SESSION) }, 'allow'],
  ['allows a user of another account without more', { ...decrypt, owner: AWAY }, { ...key(), grants: grant(ANN) }, 'allow'],
  ['allows a role of another account without more', { ...decrypt, who: session, owner: AWAY }, { ...key(), grants: grant(ROLE) }, 'allow'],
  ['to an account leaves it to its IAM', { ...decrypt, owner: AWAY }, { ...key(), grants: grant(ROOT) }, 'deny identity'],
  ['to an account leaves it to its IAM, which allows', { ...decrypt, owner: AWAY }, { ...key(), grants: grant(ROOT), identity: [allow()] }, 'allow'],
  ['allows a service', { ...decrypt, who: sagemaker }, { ...key(), grants: grant('sagemaker.amazonaws.com') }, 'allow'],
  ['allows no other operation', { ...decrypt, action: 'kms:Encrypt' }, { ...key(), grants: grant(ANN) }, 'deny resource'],
  ['allows nobody else', { ...decrypt, who: bob }, { ...key(), grants: grant(ANN) }, 'deny resource'],
  ['does not outweigh a denial of the key', decrypt, { ...key(deny({ Principal: '*' })), grants: grant(ANN) }, 'explicit resource'],
  ['does not outweigh a denial of IAM', decrypt, { ...key(), identity: [deny()], grants: grant(ANN) }, 'explicit identity'],
  ['is held back from a role by a session policy', { ...decrypt, who: session }, { ...key(), session: nothing, grants: grant(ROLE) }, 'deny session'],
  ['that is gone allows nothing', decrypt, { ...key(), grants: [] }, 'deny resource'],
])
const constrained = (more: Rule, encryptionContext?: Readonly<Record<string, string>>, action = 'kms:Decrypt') =>
  decide({ ...decrypt, action, encryptionContext }, { ...key(), grants: grant(ANN, more) })
describe('a constraint of a grant', () => {
  const equal = { encryptionContextEquals: { Team: 'a' } }
  const subset = { encryptionContextSubset: { Team: 'a' } }
  // biome-ignore format: one case a line
  it.each([
    [equal, { Team: 'a' }, 'allow'],
    [equal, { team: 'a' }, 'allow'],
    [equal, { Team: 'A' }, 'deny resource'],
    [equal, { Team: 'a', More: 'b' }, 'deny resource'],
    [equal, {}, 'deny resource'],
    [equal, undefined, 'deny resource'],
    [equal, { Team: 'a', team: 'a' }, 'deny resource'],
    [subset, { Team: 'a', More: 'b' }, 'allow'],
    [subset, { Team: 'b', More: 'b' }, 'deny resource'],
    [subset, undefined, 'deny resource'],
    [{ encryptionContextSubset: {} }, undefined, 'allow'],
    [{ encryptionContextSubset: { __proto__: null, constructor: 'x' } }, { a: 'b' }, 'deny resource'],
  ])('%j with %j: %s', (terms, given, expected) => expect(constrained(terms, given)).toBe(expected))

  it('is not about operations without an encryption context', () => {
    expect(constrained(equal, undefined, 'kms:DescribeKey')).toBe('allow')
  })
})

const ARN = 'arn:aws:iam::111122223333:role/target'
const assume: Ask = { action: 'sts:AssumeRole', resource: ARN }
const trust = (...statements: readonly ReturnType<typeof allow>[]): Policies => ({
  rule: 'trust',
  resource: statements.map(({ Resource: _, ...rest }) => rest),
})
const assuming = { Action: 'sts:AssumeRole' }

// biome-ignore format: one case a line
table('a role', [
  ['trusts nobody by default', { ...assume }, { rule: 'trust', identity: [allow()] }, 'deny trust'],
  ['is not assumed by IAM alone', assume, { ...trust(only(OTHERS, assuming)), identity: [allow()] }, 'deny trust'],
  ['is assumed by a user it names', assume, trust(only(ANN, assuming)), 'allow'],
  ['is assumed by a role it names', { ...assume, who: session }, trust(only(ROLE, assuming)), 'allow'],
  ['leaves it to IAM', assume, trust(only(ROOT, assuming)), 'deny identity'],
  ['leaves it to IAM, which allows', assume, { ...trust(only(ROOT, assuming)), identity: [allow({ ...assuming, Resource: ARN })] }, 'allow'],
  ['is another role', assume, { ...trust(only(ROOT, assuming)), identity: [allow({ ...assuming, Resource: `${ARN}2` })] }, 'deny identity'],
  ['denies', assume, { ...trust(only(ANN, assuming), deny({ ...assuming, Principal: '*' })) }, 'explicit trust'],
  ['is assumed by a service', { ...assume, who: sagemaker }, trust(service(assuming)), 'allow'],
  ['is not assumed by another service', { ...assume, who: servicePrincipal('lambda.amazonaws.com') }, trust(service(assuming)), 'deny trust'],
  ['is assumed from another account by both sides', { ...assume, owner: AWAY }, { ...trust(only(ROOT, assuming)), identity: [allow()] }, 'allow'],
  ['is not assumed from another account without IAM', { ...assume, owner: AWAY }, trust(only(ANN, assuming)), 'deny identity'],
  ['is not assumed from another account without trust', { ...assume, owner: AWAY }, { ...trust(only(OTHERS, assuming)), identity: [allow()] }, 'deny trust'],
  ['asks for an external id', { ...assume, context: { 'sts:ExternalId': 'x' } }, trust(only(ANN, { ...assuming, Condition: { StringEquals: { 'sts:ExternalId': 'x' } } })), 'allow'],
  ['misses its external id', assume, trust(only(ANN, { ...assuming, Condition: { StringEquals: { 'sts:ExternalId': 'x' } } })), 'deny trust'],
  ['is for assuming, not for tagging', assume, trust(only(ANN, { Action: 'sts:TagSession' })), 'deny trust'],
  ['never trusts the federated', assume, { ...trust(allow({ ...assuming, Principal: { Federated: 'accounts.google.com' } })), identity: [allow()] }, 'deny trust'],
])
