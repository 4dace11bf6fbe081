// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables look like that
import { describe, expect, it } from 'vitest'
import { compilePolicy } from './compiled-policy.ts'
import { isPublicPolicy } from './public-policy.ts'

const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' }
const isPublic = (...statements: readonly object[]): boolean =>
  isPublicPolicy(compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements })))
const where = (operator: string, key: string, value: unknown) =>
  isPublic({ ...open, Condition: { [operator]: { [key]: value } } })

describe('a policy is public', () => {
  it.each<readonly [string, object]>([
    ['that allows everyone', open],
    ['that allows every identity', { ...open, Principal: { AWS: '*' } }],
    ['that allows one and every identity', { ...open, Principal: { AWS: ['111122223333', '*'] } }],
    ['that allows all but one', { ...open, Principal: undefined, NotPrincipal: { AWS: '111122223333' } }],
    ['whatever the action', { ...open, Action: 's3:GetBucketLocation', Resource: 'arn:aws:s3:::b' }],
    ['in any of its statements', { ...open, Sid: 'second' }],
  ])('%s', (_name, statement) => {
    const closed = { ...open, Principal: { AWS: '111122223333' } }
    expect(isPublic(closed, statement)).toBe(true)
  })

  // biome-ignore format: one case a line
  it.each([
    ['StringEquals', 'aws:UserAgent', 'me'],
    ['StringEquals', 'aws:Referer', 'https://example.com/'],
    ['Bool', 'aws:SecureTransport', 'true'],
    ['StringLike', 'aws:SourceVpc', 'vpc-*'],
    ['StringEquals', 'aws:PrincipalAccount', '${aws:ResourceAccount}'],
    ['StringLike', 'aws:PrincipalArn', 'arn:aws:iam::111122223333:role/*'],
    ['ArnLike', 'aws:SourceArn', ['arn:aws:sns:eu-west-1:111122223333:t', 'arn:aws:sns:eu-west-1:*:t']],
    ['StringNotEquals', 'aws:SourceVpc', 'vpc-1'],
    ['StringEqualsIfExists', 'aws:SourceVpc', 'vpc-1'],
    ['ForAllValues:StringEquals', 'aws:PrincipalOrgPaths', 'o-1/r-1/ou-1/'],
    ['Null', 'aws:SourceVpc', 'false'],
    ['IpAddress', 'aws:SourceIp', '0.0.0.0/0'],
    ['IpAddress', 'aws:SourceIp', '128.0.0.0/1'],
    ['IpAddress', 'aws:SourceIp', '10.0.0.0/7'],
    ['IpAddress', 'aws:SourceIp', ['203.0.113.0/24', '::/0']],
    ['IpAddress', 'aws:SourceIp', '2001::/31'],
    ['NotIpAddress', 'aws:SourceIp', '203.0.113.0/24'],
    ['StringEquals', 'aws:SourceIp', '203.0.113.7'],
    ['StringLike', 'aws:userid', '*'],
    ['StringLike', 'aws:userid', 'AROA*:x'],
    ['StringLike', 's3:DataAccessPointArn', 'arn:aws:s3:eu-west-1:*:accesspoint/*'],
  ])('where %s %s is %j', (operator, key, value) => expect(where(operator, key, value)).toBe(true))
})

describe('a policy is not public', () => {
  it.each<readonly [string, object]>([
    ['that allows an account', { ...open, Principal: { AWS: '111122223333' } }],
    ['that allows a role', { ...open, Principal: { AWS: 'arn:aws:iam::111122223333:role/r' } }],
    ['that allows a service', { ...open, Principal: { Service: 'logging.s3.amazonaws.com' } }],
    ['that denies everyone', { ...open, Effect: 'Deny' }],
  ])('%s', (_name, statement) => expect(isPublic(statement)).toBe(false))

  // biome-ignore format: one case a line
  it.each([
    ['StringEquals', 'aws:SourceVpc', 'vpc-91237329'],
    ['StringEquals', 'aws:PrincipalOrgID', 'o-1'],
    ['StringLike', 'aws:PrincipalOrgID', 'o-1'],
    ['StringEqualsIgnoreCase', 'AWS:SourceVpce', ['vpce-1', 'vpce-2']],
    ['ForAnyValue:StringEquals', 'aws:PrincipalOrgPaths', 'o-1/r-1/ou-1/'],
    ['ArnEquals', 'aws:SourceArn', 'arn:aws:sns:eu-west-1:111122223333:t'],
    ['StringEquals', 'aws:PrincipalArn', 'arn:aws:iam::111122223333:role/r'],
    ['IpAddress', 'aws:SourceIp', '203.0.113.0/24'],
    ['IpAddress', 'aws:SourceIp', '9.0.0.0/8'],
    ['IpAddress', 'aws:SourceIp', ['10.0.0.0/8', '192.168.0.0/16', '2001:db8::/32']],
    ['StringLike', 'aws:userid', 'AROA1234567890ABC:*'],
    ['StringEquals', 'aws:userid', 'AIDA1234567890ABC'],
    ['ArnLike', 's3:DataAccessPointArn', 'arn:aws:s3:eu-west-1:111122223333:accesspoint/*'],
    ['StringEquals', 's3:x-amz-server-side-encryption-aws-kms-key-id', 'arn:aws:kms:eu-west-1:111122223333:key/1'],
  ])('where %s %s is %j', (operator, key, value) => expect(where(operator, key, value)).toBe(false))

  it('by one condition of several', () => {
    const Condition = { Bool: { 'aws:SecureTransport': 'true' }, StringEquals: { 'aws:SourceVpc': 'vpc-1' } }
    expect(isPublic({ ...open, Condition })).toBe(false)
  })
})
