// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like that
import { describe, expect, it } from 'vitest'
import { checkPolicy } from './check-policy.ts'
import { namedIdentities } from './check-principals.ts'
import { compilePolicy } from './compiled-policy.ts'
import { isTooLarge, type PolicyKind, policySize, SIZE_LIMITS } from './policy-kind.ts'

const of = (...statements: readonly unknown[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const identity = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
const bucket = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' }
const key = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:*', Resource: '*' }
const repository = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: ['ecr:BatchGetImage'] }
const group = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111122223333:root' },
  Action: ['sagemaker:CreateModel'],
  Resource: 'arn:aws:sagemaker:eu-west-1:444455556666:model-package/g/*',
}
const trust = { Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }
const topic = { ...bucket, Action: 'SNS:Publish', Resource: 'arn:aws:sns:eu-west-1:444455556666:t' }
const queue = { ...bucket, Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:eu-west-1:444455556666:q' }
const STATEMENTS = { identity, bucket, key, repository, group, trust, topic, queue }
const KINDS = Object.keys(STATEMENTS) as PolicyKind[]
const says = (text: string, kind: PolicyKind) => checkPolicy(text, kind)?.message

describe('a sound policy', () => {
  it.each(KINDS)('is accepted: %s', (kind) => {
    expect(checkPolicy(of(STATEMENTS[kind]), kind)).toBeUndefined()
    expect(
      checkPolicy(JSON.stringify({ Version: '2012-10-17', Id: 'x', Statement: STATEMENTS[kind] }), kind),
    ).toBeUndefined()
  })

  it.each(KINDS)('may be of 2008 or undated unless it is of an identity: %s', (kind) => {
    const old = JSON.stringify({ Statement: STATEMENTS[kind] })
    expect(says(old, kind)).toBe(
      kind === 'identity' ? 'Policy document must be version 2012-10-17 or greater.' : undefined,
    )
  })

  // biome-ignore format: one case a line
  it.each([
    'arn:aws:sqs', 'arn:aws:s3:::b', 'arn:aws:s3:::*', 'arn:*:s3:::b', 'arn:aws-us-gov:s3:::b', 'arn:aws:iam::*:role/x',
    'arn:aws:sagemaker:*:*:*', 'arn:aws:s3:*:*:b', 'arn:aws:sagemaker:eu-west-1:111122223333:model/${aws:username}',
  ])('may name the resource %s', (Resource) => expect(says(of({ ...identity, Resource }), 'identity')).toBeUndefined())

  it.each([
    { Bool: { 'aws:SecureTransport': true } },
    { NumericLessThan: { 's3:max-keys': [1, '2.5'] } },
    { 'ForAllValues:StringLikeIfExists': { 'aws:TagKeys': ['a', 'b*'] } },
    { Null: { 'aws:TokenIssueTime': 'true' }, IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] } },
    { DateGreaterThan: { 'aws:CurrentTime': ['2020-01-01T00:00:00Z', '1577836800', 1577836800] } },
    { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:*:t' }, BinaryEquals: { 'x:y': 'QQ==' } },
    {},
  ])('may ask for %j', (Condition) => expect(says(of({ ...identity, Condition }), 'identity')).toBeUndefined())
})

describe('a policy of an identity is refused', () => {
  // biome-ignore format: one case a line
  it.each([
    ['', 'Syntax errors in policy.'],
    ['file://policy.json', 'Syntax errors in policy.'],
    ['{"Version":"2012-10-17",}', 'Syntax error at position (1,25)'],
    ['{"Version":"2012-10-17","Statement":[', 'Syntax error at position (1,38)'],
    ['{\n  "Version": "2012-10-17",\n  "Statement": [{]\n}', 'Syntax error at position (3,18)'],
    ['{"Version":"2012-10-17","Statement":[]}', 'Syntax error at position (1,37)'],
    ['{"Version":"2012-10-17"}', 'Syntax error at position (1,1)'],
    ['{"Version":"2012-10-17","Version":"2012-10-17","Statement":{}}', 'Syntax error at position (1,25)'],
    ['{"Version":2012,"Statement":{}}', 'Syntax error at position (1,12)'],
    ['{"Version":"2012-10-17","Statements":{}}', 'Syntax error at position (1,25)'],
    ['{"Version":"2012-10-17","Statement":{"Effect":"Allow","Actions":"*"}}', 'Syntax error at position (1,55)'],
    ['{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":{},"Resource":"*"}}', 'Syntax error at position (1,64)'],
    [of({ ...identity, NotResource: '*' }), 'Syntax error at position (1,95)'],
    [of({ ...identity, Condition: { Bool: { 'a:b': null } } }), 'Syntax error at position (1,122)'],
    [of({ ...identity, Effect: 'allow' }), 'Invalid effect: allow'],
    [of({ ...identity, Effect: undefined }), 'Missing required field Effect cannot be empty!'],
    [of({ ...identity, Action: [] }), 'Policy statement must contain actions.'],
    [of({ ...identity, Resource: [] }), 'Policy statement must contain resources.'],
    [of({ ...identity, Action: 'GetObject' }), 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'],
    [of({ ...identity, Action: 'a:b:c' }), 'Actions/Condition can contain only one colon.'],
    [of({ ...identity, Action: 's 3:Get' }), 'Vendor s 3 is not valid'],
    [of({ ...identity, Action: 's3:Get-Object' }), 'The policy failed legacy parsing'],
    [of({ ...identity, Resource: 'data' }), 'Resource data must be in ARN format or "*".'],
    [of({ ...identity, Resource: 'arn:${P}:s3:::b' }), 'Partition "${P}" is not valid for resource "arn:${P}:s3:::b".'],
    [of({ ...identity, Resource: 'arn:aws' }), 'Resource vendor must be fully qualified and cannot contain regexes.'],
    [of({ ...identity, Resource: 'arn:aws:*:x' }), 'Resource vendor must be fully qualified and cannot contain regexes.'],
    [of({ ...identity, Resource: 'arn:aws:s3:eu-west-1::b' }), 'Resource arn:aws:s3:eu-west-1::b can not contain region information.'],
    [of({ ...identity, Resource: 'arn:aws:iam:x::role/a' }), 'IAM resource arn:aws:iam:x::role/a cannot contain region information.'],
    [of({ ...identity, Principal: '*' }), 'Policy document should not specify a principal.'],
    [of({ ...identity, Condition: { Nonsense: { 'a:b': 'c' } } }), 'The policy failed legacy parsing'],
    [of({ ...identity, Condition: { DateLessThan: { 'a:b': 'noon' } } }), 'The policy failed legacy parsing'],
    [of({ ...identity, Condition: { NumericEquals: { 'a:b': ['1', 'x'] } } }), 'The policy failed legacy parsing'],
    [of({ ...identity, Condition: { IpAddress: { 'aws:SourceIp': '1.2.3' } } }), 'The policy failed legacy parsing'],
    [of({ ...identity, Condition: { StringEquals: { username: 'c' } } }), 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'],
  ])('%.80s', (text, message) => expect(says(text, 'identity')).toBe(message))
})

describe('the policy of a bucket is refused', () => {
  const one = (more: object) => of({ ...bucket, ...more })
  // biome-ignore format: one case a line
  it.each([
    ['[]', "Policies must be valid JSON and the first byte must be '{'"],
    ['{', "Policies must be valid JSON and the first byte must be '{'"],
    ['{}', 'Missing required field Statement'],
    ['{"Statement":[]}', 'Could not parse the policy: Statement is empty!'],
    ['{"Version":"2024-01-01","Statement":{"Effect":"Allow"}}', 'The policy must contain a valid version string'],
    [one({ More: 1 }), 'Unknown field More'],
    [one({ Effect: undefined }), 'Missing required field Effect'],
    [one({ Principal: undefined }), 'Missing required field Principal'],
    [one({ Action: undefined }), 'Missing required field Action'],
    [one({ Resource: undefined }), 'Missing required field Resource'],
    [one({ Principal: { AWS: 'ann' } }), 'Invalid principal in policy'],
    [one({ Principal: { AWS: 'arn:aws:iam::111122223333:role/*' } }), 'Invalid principal in policy'],
    [one({ Principal: { AWS: 'arn:aws:sts::111122223333:assumed-role/dev/*' } }), 'Invalid principal in policy'],
    [one({ Principal: { Team: '111122223333' } }), 'Invalid principal in policy'],
    [one({ Action: 'kms:Decrypt' }), 'Policy has invalid action'],
    [one({ Action: 'GetObject' }), 'Policy has invalid action'],
    [one({ Resource: 'data/*' }), 'Policy has invalid resource'],
    [one({ Condition: { Nonsense: { 'a:b': 'c' } } }), 'Invalid Condition type : Nonsense'],
    [one({ Condition: 'x' }), 'Invalid policy syntax.'],
  ])('%.80s', (text, message) => expect(says(text, 'bucket')).toBe(message))

  it.each([
    ['arn:aws:s3:::data', undefined],
    ['arn:aws:s3:::data/*', undefined],
    ['arn:aws:s3:::da*', undefined],
    ['arn:aws:s3:::other', 'Policy has invalid resource'],
    ['arn:aws:s3:::data2/*', 'Policy has invalid resource'],
    ['arn:aws:s3:::other/arn:aws:s3:::data', 'Policy has invalid resource'],
    ['*', 'Policy has invalid resource'],
  ])('unless it is about the bucket: %s', (Resource, message) => {
    const text = one({ Resource, Action: 's3:*' })
    expect(checkPolicy(text, 'bucket', { resource: 'arn:aws:s3:::data' })?.message).toBe(message)
  })

  const BUCKET = 'arn:aws:s3:::data'
  const OBJECTS = 'arn:aws:s3:::data/*'
  // biome-ignore format: one case a line
  it.each<readonly [unknown, unknown, boolean]>([
    ['s3:GetObject', OBJECTS, true],
    ['s3:GetObject', BUCKET, false],
    ['s3:getobjecttagging', BUCKET, false],
    ['s3:AbortMultipartUpload', BUCKET, false],
    ['s3:ListBucket', BUCKET, true],
    ['s3:ListBucket', OBJECTS, false],
    ['s3:ListBucketMultipartUploads', OBJECTS, false],
    ['s3:GetBucketObjectLockConfiguration', BUCKET, true],
    ['s3:GetObject', 'arn:aws:s3:::data*', true],
    ['s3:ListBucket', 'arn:aws:s3:::data*', true],
    [['s3:GetObject', 's3:ListBucket'], [BUCKET, OBJECTS], true],
    [['s3:GetObject', 's3:ListBucket'], OBJECTS, false],
    ['s3:Get*', BUCKET, true],
    ['s3:*', OBJECTS, true],
  ])('unless its actions are about its resources: %j %j', (Action, Resource, applies) => {
    const message = applies ? undefined : 'Action does not apply to any resource(s) in statement'
    expect(checkPolicy(one({ Action, Resource }), 'bucket', { resource: BUCKET })?.message).toBe(message)
  })
})

it('is refused in the words of its service', () => {
  const wrong = { Principal: { AWS: 'ann' } }
  expect(says(of({ ...key, ...wrong }), 'key')).toBe('Policy contains a statement with one or more invalid principals.')
  expect(says(of({ ...repository, ...wrong }), 'repository')).toBe(
    "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
  )
  expect(says(of({ ...group, ...wrong }), 'group')).toBe('Invalid principal in policy')
  expect(says('{', 'group')).toBe('Syntax error at position (1,2)')
  expect(says(of({ ...key, Action: 's3:Get*' }), 'key')).toBe('Vendor s3 is not valid')
})

it('tells where a fault is', () => {
  const text = JSON.stringify(
    { Version: '2012-10-17', Statement: [identity, { ...identity, Action: ['s3:*', 'x'] }] },
    null,
    2,
  )
  const { position } = checkPolicy(text, 'identity')!
  expect(text.split('\n')[position.line - 1]!.slice(position.column - 1)).toBe('"x"')
})

it('names the users and roles that must exist', () => {
  const names = ['arn:aws:iam::111122223333:role/a', 'arn:aws:iam::111122223333:user/b']
  const others = ['111122223333', '*', 'arn:aws:iam::111122223333:root', 'AROAAAAAAAAAAAAAAAA']
  expect(namedIdentities(of({ ...bucket, Principal: { AWS: [...names, ...others] } }, bucket))).toEqual(names)
  expect(namedIdentities('{')).toEqual([])
})

it('measures as the service does', () => {
  expect(policySize('managed-policy', '{ "a":\n\t"b" }')).toBe(9)
  expect(policySize('bucket', '{ "ä" }')).toBe(8)
  for (const [place, { maximum }] of Object.entries(SIZE_LIMITS)) {
    expect(isTooLarge(place as keyof typeof SIZE_LIMITS, 'x'.repeat(maximum))).toBe(false)
    expect(isTooLarge(place as keyof typeof SIZE_LIMITS, 'x'.repeat(maximum + 1))).toBe(true)
  }
})

describe('hostile documents', () => {
  const nested = (open: string, close: string) =>
    `{"Version":"2012-10-17","Statement":${open.repeat(200_000)}${close.repeat(200_000)}}`
  it.each([
    ['arrays in arrays', nested('[', ']')],
    ['objects in objects', nested('{"a":', '}')],
    ['a megabyte of one text', `{"Version":"${'x'.repeat(1_000_000)}"}`],
    ['a megabyte of escapes', `{"Version":"${'\\u0041'.repeat(170_000)}"}`],
    ['a megabyte of lines', '\n'.repeat(1_000_000)],
    ['many members of one name', `{${'"a":1,'.repeat(150_000)}"a":1}`],
  ])('are refused soon: %s', (_, text) => {
    const start = performance.now()
    for (const kind of KINDS) expect(checkPolicy(text, kind)).toBeDefined()
    expect(compilePolicy(text).unreadable).toBe(true)
    expect(performance.now() - start).toBeLessThan(3_000)
  })

  it('of a megabyte are compiled soon when they are sound', () => {
    const text = of(...Array.from({ length: 14_000 }, (_, index) => ({ ...identity, Sid: `S${index}` })))
    expect(text.length).toBeGreaterThan(900_000)
    const start = performance.now()
    expect(checkPolicy(text, 'identity')).toBeUndefined()
    expect(compilePolicy(text).statements).toHaveLength(14_000)
    expect(performance.now() - start).toBeLessThan(3_000)
  })

  it.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'])(
    'cannot reach the language by a member called %s',
    (name) => {
      const member = `"${name}":{"Effect":"Allow","allows":true}`
      for (const text of [
        `{"Version":"2012-10-17",${member},"Statement":${JSON.stringify(identity)}}`,
        `{"Version":"2012-10-17","Statement":{${member},"Effect":"Allow","Action":"*","Resource":"*"}}`,
        `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{${member}}}}`,
      ]) {
        expect(checkPolicy(text, 'identity'), text).toBeDefined()
      }
      expect(says(of({ ...bucket, Principal: JSON.parse(`{"${name}":"x"}`) }), 'bucket')).toBe(
        'Invalid principal in policy',
      )
      expect(({} as Record<string, unknown>).allows).toBeUndefined()
    },
  )

  it('show no more of a text than a person needs', () => {
    for (const kind of KINDS) {
      const fault = checkPolicy(of({ ...STATEMENTS[kind], Action: `s3:${'x!'.repeat(100_000)}` }), kind)
      expect(fault!.message.length).toBeLessThan(600)
    }
    expect(says(of({ ...identity, Resource: 'x'.repeat(100_000) }), 'identity')!.length).toBeLessThan(600)
  })
})
