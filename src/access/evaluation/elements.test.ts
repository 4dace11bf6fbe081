// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like that
import { describe, expect, it } from 'vitest'
import { compilePolicy } from '../policy/compiled-policy.ts'
import type { Principal } from '../principal.ts'
import { rolePrincipal } from '../principals.ts'
import { evaluate } from './evaluate.ts'
import {
  AWAY,
  allow,
  applicable,
  attach,
  decide,
  deny,
  inWords,
  only,
  policyOf,
  ROLE,
  ROOT,
  type Rule,
  requestOf,
  root,
  SESSION,
} from './test-policies.ts'

const actions = (element: Rule, action: string): string =>
  decide({ action }, { identity: [{ Effect: 'Allow', Resource: '*', ...element }] }) === 'allow' ? 'yes' : 'no'
describe('actions', () => {
  // biome-ignore format: one case a line
  it.each([
    ['*', 'iam:CreateUser', 'yes'],
    ['s3:*', 's3:GetObject', 'yes'],
    ['s3:*', 's3-outposts:GetObject', 'no'],
    ['S3:getobject', 's3:GetObject', 'yes'],
    ['s3:Get*', 's3:GetObject', 'yes'],
    ['s3:Get*', 's3:PutObject', 'no'],
    ['s3:*Object', 's3:GetObject', 'yes'],
    ['s3:*Object', 's3:GetObjectAcl', 'no'],
    ['s3:G?tObject', 's3:GetObject', 'yes'],
    ['s3:G?tObject', 's3:GtObject', 'no'],
    ['iam:*AccessKey*', 'iam:CreateAccessKey', 'yes'],
    ['iam:*AccessKey*', 'iam:ListAccessKeys', 'yes'],
    ['iam:*AccessKey*', 'iam:CreateUser', 'no'],
    ['*:Describe*', 'sagemaker:DescribeModel', 'yes'],
    ['s3:GetObject', 's3:GetObjectVersion', 'no'],
    [['s3:PutObject', 's3:GetObject'], 's3:GetObject', 'yes'],
  ] as const)('%s, %s: %s', (Action, action, expected) => expect(actions({ Action }, action)).toBe(expected))

  // biome-ignore format: one case a line
  it.each([
    ['iam:*', 's3:GetObject', 'yes'],
    ['iam:*', 'iam:CreateUser', 'no'],
    [['iam:*', 'sts:*'], 'sts:AssumeRole', 'no'],
    [['iam:*', 'sts:*'], 'kms:Decrypt', 'yes'],
    ['*', 'kms:Decrypt', 'no'],
  ] as const)('but %s, %s: %s', (NotAction, action, expected) => expect(actions({ NotAction }, action)).toBe(expected))
})

const resources = (element: Rule, resource: string): string =>
  decide(
    { resource, context: { 'aws:username': 'ann', 'aws:PrincipalTag/Team': 'red*' } },
    {
      identity: [{ Effect: 'Allow', Action: '*', ...element }],
    },
  ) === 'allow'
    ? 'yes'
    : 'no'
const queue = 'arn:aws:sqs:eu-west-1:111122223333:jobs'
describe('resources', () => {
  // biome-ignore format: one case a line
  it.each([
    ['*', 'arn:aws:s3:::data/x', 'yes'],
    ['*', '*', 'yes'],
    ['arn:aws:s3:::*', '*', 'no'],
    ['arn:aws:s3:::data/*', 'arn:aws:s3:::data/a/b', 'yes'],
    ['arn:aws:s3:::data/*', 'arn:aws:s3:::data', 'no'],
    ['arn:aws:s3:::data', 'arn:aws:s3:::data/a', 'no'],
    ['arn:aws:s3:::data*', 'arn:aws:s3:::data-2/a', 'yes'],
    ['arn:aws:s3:::data/*/test/*', 'arn:aws:s3:::data/1/test/2', 'yes'],
    ['arn:aws:s3:::data/*/test/*', 'arn:aws:s3:::data/1/2/test/3/object.jpg', 'yes'],
    ['arn:aws:s3:::data/*/test/*', 'arn:aws:s3:::data/1-test/2', 'no'],
    ['arn:aws:s3:::Data/*', 'arn:aws:s3:::data/a', 'no'],
    [queue, queue, 'yes'],
    ['arn:aws:sqs:*:111122223333:jobs', queue, 'yes'],
    ['arn:aws:sqs:*:*:*', queue, 'yes'],
    ['arn:aws:sqs', queue, 'yes'],
    ['arn:aws:sqs:eu-west-1', queue, 'yes'],
    ['arn:aws:sqs:eu-west-2', queue, 'no'],
    ['arn:aws:sqs:*', queue, 'yes'],
    ['arn:aws:sqs:eu-*-1:111122223333:jobs', queue, 'yes'],
    ['arn:aws:sqs:eu-*3333:jobs', queue, 'no'],
    ['arn:aws:sqs:eu-*:11*:jobs', queue, 'yes'],
    ['arn:aws:sqs:*:jobs', 'arn:aws:sqs:a:b:jobs:c', 'yes'],
    ['arn:aws:x:*:1111:f/*', 'arn:aws:x:us-east-2:9999:store/abc:1111:f/d.txt', 'yes'],
    ['arn:aws:sqs:eu-west-?:111122223333:j?bs', queue, 'yes'],
    ['arn:aws:sns:*:111122223333:jobs', queue, 'no'],
    ['arn:aws:s3:::data/${aws:username}/*', 'arn:aws:s3:::data/ann/x', 'yes'],
    ['arn:aws:s3:::data/${AWS:UserName}/*', 'arn:aws:s3:::data/ann/x', 'yes'],
    ['arn:aws:s3:::data/${aws:username}/*', 'arn:aws:s3:::data/bob/x', 'no'],
    ['arn:aws:s3:::data/${aws:userid}/*', 'arn:aws:s3:::data//x', 'no'],
    ["arn:aws:s3:::data/${aws:userid, 'guest'}/*", 'arn:aws:s3:::data/guest/x', 'yes'],
    ["arn:aws:s3:::data/${aws:username, 'guest'}/*", 'arn:aws:s3:::data/guest/x', 'no'],
    ['arn:aws:s3:::data/${aws:PrincipalTag/team}', 'arn:aws:s3:::data/red*', 'yes'],
    ['arn:aws:s3:::data/${aws:PrincipalTag/team}', 'arn:aws:s3:::data/reddish', 'no'],
    ['arn:aws:s3:::data/${*}', 'arn:aws:s3:::data/*', 'yes'],
    ['arn:aws:s3:::data/${*}', 'arn:aws:s3:::data/x', 'no'],
    ['arn:aws:s3:::data/${?}', 'arn:aws:s3:::data/x', 'no'],
    ['arn:aws:s3:::data/${$}{x}', 'arn:aws:s3:::data/${x}', 'yes'],
    [[queue, 'arn:aws:s3:::data/${aws:userid}'], queue, 'yes'],
  ] as const)('%s, %s: %s', (Resource, resource, expected) => expect(resources({ Resource }, resource)).toBe(expected))

  // biome-ignore format: one case a line
  it.each([
    [queue, 'arn:aws:s3:::data', 'yes'],
    [queue, queue, 'no'],
    [['arn:aws:s3:::*', queue], queue, 'no'],
    ['arn:aws:s3:::data/${aws:username}/*', 'arn:aws:s3:::data/bob/x', 'yes'],
    ['arn:aws:s3:::data/${aws:username}/*', 'arn:aws:s3:::data/ann/x', 'no'],
    // Without the value nobody can say what is excepted.
    ['arn:aws:s3:::data/${aws:userid}/*', 'arn:aws:s3:::data/ann/x', 'no'],
  ] as const)('but %s, %s: %s', (NotResource, resource, expected) =>
    expect(resources({ NotResource }, resource)).toBe(expected),
  )

  it('takes variables for text in documents of 2008', () => {
    const statement = allow({ Resource: 'arn:aws:s3:::data/${aws:username}' })
    for (const [Version, resource, expected] of [
      ['2008-10-17', 'arn:aws:s3:::data/${aws:username}', true],
      ['2008-10-17', 'arn:aws:s3:::data/ann', false],
      [undefined, 'arn:aws:s3:::data/ann', false],
      ['2012-10-17', 'arn:aws:s3:::data/ann', true],
    ] as const) {
      const policy = attach(JSON.stringify({ Version, Statement: statement }))
      const request = requestOf({ resource, context: { 'aws:username': 'ann' } })
      expect(evaluate(request, { identity: [policy] }).allowed).toBe(expected)
    }
  })

  it('denies what an excepted variable without a value may not except', () => {
    const except = deny({ Resource: undefined, NotResource: 'arn:aws:s3:::data/${aws:userid}/*' })
    expect(decide({}, { identity: [allow(), except] })).toBe('explicit identity')
  })
})

describe('a policy that cannot be read', () => {
  it.each(['', '{', '[]', '{"Statement":[{"Effect":"Perhaps"}]}', `{"Statement":${'['.repeat(100_000)}`])(
    'denies everything: %.40s',
    (text) => {
      expect(compilePolicy(text).unreadable).toBe(true)
      const identity = [policyOf(allow()), attach(text)]
      expect(inWords(evaluate(requestOf({}), { identity }))).toBe('explicit identity')
      const resource = { policies: [attach(text)], rule: 'ordinary' } as const
      expect(inWords(evaluate(requestOf({ who: root }), { identity: [], resource }))).toBe('explicit resource')
    },
  )

  it('names the policy that denies', () => {
    const decision = evaluate(requestOf({}), { identity: [attach('{', 'broken')] })
    expect(decision).toMatchObject({ by: { source: { id: 'broken' }, statement: undefined } })
  })
})

it('names the statement that denies', () => {
  const policies = applicable({ identity: [allow(), deny({ Sid: 'Never' })] })
  expect(evaluate(requestOf({}), policies)).toMatchObject({ by: { statement: { sid: 'Never', index: 1 } } })
})

it('tells roles of the same name in two accounts apart', () => {
  const stranger: Principal = rolePrincipal(AWAY, { path: '/', name: 'dev', id: 'AROASTRANGER' }, 'job')
  for (const name of [ROLE, SESSION, 'AROADEVDEVDEVDEVD', ROOT]) {
    expect(decide({ who: stranger }, { identity: [allow()], resource: [only(name)] })).toBe('deny resource')
  }
})
