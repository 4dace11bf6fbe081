// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like that
import { describe, expect, it } from 'vitest'
import { anonymousPrincipal, rootPrincipal, userPrincipal } from '../principals.ts'
import { evaluate } from './evaluate.ts'
import {
  ANN,
  type Ask,
  AWAY,
  allow,
  applicable,
  bob,
  deny,
  everyone,
  HOME,
  inWords,
  nothing,
  OTHERS,
  only,
  ROLE,
  ROOT,
  requestOf,
  root,
  SESSION,
  sagemaker,
  service,
  session,
  table,
} from './test-policies.ts'

const asRole: Ask = { who: session }
const abroad: Ask = { owner: AWAY }

// biome-ignore format: one case a line
table('between accounts', [
  ['both sides must allow', abroad, { identity: [allow()], resource: [only(ANN)] }, 'allow'],
  ['the identity alone does not do', abroad, { identity: [allow()] }, 'deny resource'],
  ['the resource alone does not do', abroad, { resource: [only(ANN)] }, 'deny identity'],
  ['the resource alone does not do for everyone', abroad, { resource: [everyone()] }, 'deny identity'],
  ['without either the identity is told first', abroad, {}, 'deny identity'],
  ['the account is enough of a name', abroad, { identity: [allow()], resource: [only(HOME)] }, 'allow'],
  ['so is its root', abroad, { identity: [allow()], resource: [only(ROOT)] }, 'allow'],
  ['and everyone', abroad, { identity: [allow()], resource: [everyone()] }, 'allow'],
  ['another account is not', abroad, { identity: [allow()], resource: [only('999999999999')] }, 'deny resource'],
  ['the owner is not', abroad, { identity: [allow()], resource: [only(OTHERS)] }, 'deny resource'],
  ['a role by its ARN', { ...abroad, who: session }, { identity: [allow()], resource: [only(ROLE)] }, 'allow'],
  ['a role by its session', { ...abroad, who: session }, { identity: [allow()], resource: [only(SESSION)] }, 'allow'],
  ['naming a session does not speak for its account', { ...abroad, who: session }, { resource: [only(SESSION)] }, 'deny identity'],
  ['root needs the resource', { ...abroad, who: root }, {}, 'deny resource'],
  ['root needs no more', { ...abroad, who: root }, { resource: [only(HOME)] }, 'allow'],
  ['a boundary holds back even whom it names', abroad, { identity: [allow()], boundary: nothing, resource: [only(ANN)] }, 'deny boundary'],
  ['a session policy holds back too', { ...abroad, who: session }, { identity: [allow()], session: nothing, resource: [only(SESSION)] }, 'deny session'],
  ['the identity denies', abroad, { identity: [allow(), deny()], resource: [only(ANN)] }, 'explicit identity'],
  ['the resource denies', abroad, { identity: [allow()], resource: [only(ANN), deny({ Principal: '*' })] }, 'explicit resource'],
  ['the identity must allow that very ARN', abroad, { identity: [allow({ Resource: 'arn:aws:s3:::mine/*' })], resource: [only(ANN)] }, 'deny identity'],
  ['the resource must allow that very action', abroad, { identity: [allow()], resource: [only(ANN, { Action: 's3:ListBucket' })] }, 'deny resource'],
])

const group = 'arn:aws:sagemaker:eu-west-1:444455556666:model-package-group/g'
const version = 'arn:aws:sagemaker:eu-west-1:444455556666:model-package/g/1'
const shared = [
  only(ROOT, { Action: ['sagemaker:DescribeModelPackageGroup'], Resource: group }),
  only(ROOT, {
    Action: ['sagemaker:DescribeModelPackage', 'sagemaker:CreateModel'],
    Resource: 'arn:aws:sagemaker:eu-west-1:444455556666:model-package/g/*',
  }),
]
const full = [allow({ Action: 'sagemaker:*' })]

// biome-ignore format: one case a line
table('a shared model package group', [
  ['is described', { ...abroad, action: 'sagemaker:DescribeModelPackageGroup', resource: group }, { identity: full, resource: shared }, 'allow'],
  ['has its versions described', { ...abroad, action: 'sagemaker:DescribeModelPackage', resource: version }, { identity: full, resource: shared }, 'allow'],
  ['has its versions deployed', { ...abroad, action: 'sagemaker:CreateModel', resource: version }, { identity: full, resource: shared }, 'allow'],
  ['is not registered in', { ...abroad, action: 'sagemaker:CreateModelPackage', resource: version }, { identity: full, resource: shared }, 'deny resource'],
  ['shares no other group', { ...abroad, action: 'sagemaker:DescribeModelPackage', resource: version.replace('/g/', '/h/') }, { identity: full, resource: shared }, 'deny resource'],
  ['asks the caller to be allowed too', { ...abroad, action: 'sagemaker:CreateModel', resource: version }, { resource: shared }, 'deny identity'],
  ['shares with nobody else', { ...abroad, who: userPrincipal('999999999999', { path: '/', name: 'x', id: 'AIDAX' }), action: 'sagemaker:CreateModel', resource: version }, { identity: full, resource: shared }, 'deny resource'],
])

const notAnn = { NotPrincipal: { AWS: ANN } }

// biome-ignore format: one case a line
table('NotPrincipal', [
  ['denies all but whom it names', { who: bob }, { identity: [allow()], resource: [deny(notAnn)] }, 'explicit resource'],
  ['does not deny whom it names', {}, { identity: [allow()], resource: [deny(notAnn)] }, 'allow'],
  ['does not deny anyone of an account it names', {}, { identity: [allow()], resource: [deny({ NotPrincipal: { AWS: HOME } })] }, 'allow'],
  ['does not deny the sessions of a role it names', asRole, { identity: [allow()], resource: [deny({ NotPrincipal: { AWS: ROLE } })] }, 'allow'],
  ['denies root when it is not named', { who: root }, { resource: [deny(notAnn)] }, 'explicit resource'],
  ['allows all but whom it names', { who: bob }, { resource: [allow(notAnn)] }, 'allow'],
  ['does not allow whom it names', {}, { resource: [allow(notAnn)] }, 'deny identity'],
  ['allows the anonymous', { who: anonymousPrincipal }, { resource: [allow(notAnn)] }, 'allow'],
  ['denies the anonymous', { who: anonymousPrincipal }, { resource: [everyone(), deny(notAnn)] }, 'explicit resource'],
  ['that names everyone denies nobody', {}, { identity: [allow()], resource: [deny({ NotPrincipal: '*' })] }, 'allow'],
])

const byService: Ask = {
  who: sagemaker,
  context: { 'aws:SourceAccount': HOME, 'aws:SourceArn': 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/e' },
}

// biome-ignore format: one case a line
table('a service', [
  ['needs the resource', byService, {}, 'deny resource'],
  ['is allowed by name', byService, { resource: [service()] }, 'allow'],
  ['is allowed in any account', { ...byService, owner: AWAY }, { resource: [service()] }, 'allow'],
  ['is allowed for an account', byService, { resource: [service({ Condition: { StringEquals: { 'aws:SourceAccount': HOME } } })] }, 'allow'],
  ['is not allowed for another', byService, { resource: [service({ Condition: { StringEquals: { 'aws:SourceAccount': AWAY } } })] }, 'deny resource'],
  ['is allowed for a resource', byService, { resource: [service({ Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:sagemaker:*:111122223333:endpoint/*' } } })] }, 'allow'],
  ['is not allowed for another', byService, { resource: [service({ Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:sagemaker:*:444455556666:endpoint/*' } } })] }, 'deny resource'],
  ['is not another service', byService, { resource: [allow({ Principal: { Service: 'lambda.amazonaws.com' } })] }, 'deny resource'],
  ['is not an account', byService, { resource: [only(HOME)] }, 'deny resource'],
  ['is not an AWS identity', byService, { resource: [only('*')] }, 'deny resource'],
  ['is among everyone', byService, { resource: [everyone()] }, 'allow'],
  ['is denied by name', byService, { resource: [everyone(), deny({ Principal: { Service: 'sagemaker.amazonaws.com' } })] }, 'explicit resource'],
])

const nobody: Ask = { who: anonymousPrincipal }

// biome-ignore format: one case a line
table('the anonymous', [
  ['are denied by default', nobody, {}, 'deny resource'],
  ['are allowed as everyone', nobody, { resource: [everyone()] }, 'allow'],
  ['are allowed by AWS *', nobody, { resource: [only('*')] }, 'allow'],
  ['are no account', nobody, { resource: [only(HOME)] }, 'deny resource'],
  ['are denied', nobody, { resource: [everyone(), deny({ Principal: '*' })] }, 'explicit resource'],
  ['are allowed under a condition', { ...nobody, context: { 'aws:SourceIp': '203.0.113.9' } }, { resource: [everyone({ Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } })] }, 'allow'],
  ['are held to the condition', { ...nobody, context: { 'aws:SourceIp': '198.51.100.9' } }, { resource: [everyone({ Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } })] }, 'deny resource'],
  ['have no user id, but a default', nobody, { resource: [everyone({ Resource: "arn:aws:s3:::${aws:userid, 'data'}/*" })] }, 'allow'],
])

const bucket = { rule: 'bucket' as const }
const shutOut = { ...bucket, resource: [deny({ Principal: '*' })] }

// biome-ignore format: one case a line
table('the root of a bucket whose policy denies everyone', [
  ['reads the policy', { who: root, action: 's3:GetBucketPolicy' }, shutOut, 'allow'],
  ['replaces the policy', { who: root, action: 's3:PutBucketPolicy' }, shutOut, 'allow'],
  ['removes the policy', { who: root, action: 's3:DeleteBucketPolicy' }, shutOut, 'allow'],
  ['does nothing else', { who: root, action: 's3:ListBucket' }, shutOut, 'explicit resource'],
  ['is not a user', { action: 's3:PutBucketPolicy' }, { ...shutOut, identity: [allow()] }, 'explicit resource'],
  ['is not the root of another account', { who: rootPrincipal(AWAY), action: 's3:PutBucketPolicy' }, shutOut, 'explicit resource'],
])

describe('a canonical user', () => {
  // biome-ignore format: one case a line
  it.each([
    ['between accounts', AWAY, [allow()], 'abc', 'allow'],
    ['when the identity is not allowed', AWAY, [], 'abc', 'deny identity'],
    ['of another account', AWAY, [allow()], 'def', 'deny resource'],
  ] as const)('stands for an account %s', (_, owner, identity, canonicalUserId, expected) => {
    const policies = applicable({ identity, resource: [allow({ Principal: { CanonicalUser: 'abc' } })] })
    expect(inWords(evaluate({ ...requestOf({ owner }), canonicalUserId }, policies))).toBe(expected)
  })
})
