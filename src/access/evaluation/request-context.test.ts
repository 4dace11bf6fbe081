import { expect, it } from 'vitest'
import { anonymousPrincipal } from '../principals.ts'
import { requestContext } from './request-context.ts'
import { ann, root, sagemaker, session } from './test-policies.ts'

const now = Date.UTC(2026, 4, 1, 12, 0, 0, 500)
const of = (facts: Partial<Parameters<typeof requestContext>[0]> = {}) =>
  requestContext({ principal: ann, now, ...facts })
const PRINCIPAL = ['aws:principalarn', 'aws:principalaccount', 'aws:principaltype', 'aws:userid', 'aws:username']

// By the table "Principal key values" of the IAM User Guide.
it.each([
  ['root', root, ['arn:aws:iam::111122223333:root', '111122223333', 'Account', '111122223333', undefined]],
  ['user', ann, ['arn:aws:iam::111122223333:user/ann', '111122223333', 'User', 'AIDAANNAAAAAAAAAA', 'ann']],
  [
    'role',
    session,
    ['arn:aws:iam::111122223333:role/dev', '111122223333', 'AssumedRole', 'AROADEVDEVDEVDEVD:job', undefined],
  ],
  ['service', sagemaker, [undefined, undefined, undefined, undefined, undefined]],
  ['anonymous', anonymousPrincipal, [undefined, undefined, 'Anonymous', undefined, undefined]],
])('says who acts: %s', (_, principal, expected) => {
  const context = of({ principal })
  expect(PRINCIPAL.map((key) => context.get(key))).toEqual(expected)
  expect(context.get('aws:principalisawsservice')).toBe(String(principal === sagemaker))
  expect(context.get('aws:principalservicename')).toBe(principal === sagemaker ? 'sagemaker.amazonaws.com' : undefined)
})

it('says when, from where and how', () => {
  const context = of({
    region: 'eu-west-1',
    sourceIp: '203.0.113.9',
    secureTransport: false,
    userAgent: 'Boto3',
    resourceAccount: '1',
  })
  expect(context.get('aws:currenttime')).toBe('2026-05-01T12:00:00.500Z')
  expect(context.get('aws:epochtime')).toBe('1777636800')
  expect(context.get('aws:requestedregion')).toBe('eu-west-1')
  expect(context.get('aws:sourceip')).toBe('203.0.113.9')
  expect(context.get('aws:securetransport')).toBe('false')
  expect(context.get('aws:useragent')).toBe('Boto3')
  expect(context.get('aws:resourceaccount')).toBe('1')
})

it('knows temporary credentials from permanent ones', () => {
  expect(of().get('aws:tokenissuetime')).toBeUndefined()
  expect(of().get('aws:multifactorauthpresent')).toBeUndefined()
  expect(of({ tokenIssuedAt: now }).get('aws:tokenissuetime')).toBe('2026-05-01T12:00:00.500Z')
  expect(of({ tokenIssuedAt: now }).get('aws:multifactorauthpresent')).toBe('false')
})

it('finds tags whatever their case', () => {
  const context = of({
    principalTags: { Team: 'red' },
    resourceTags: { constructor: 'x' },
    requestTags: { CostCenter: '1', Owner: 'a' },
  })
  expect(context.get('aws:principaltag/team')).toBe('red')
  expect(context.get('aws:resourcetag/constructor')).toBe('x')
  expect(context.get('sagemaker:resourcetag/constructor')).toBe('x')
  expect(context.get('aws:principaltag/constructor')).toBeUndefined()
  expect(context.get('aws:requesttag/costcenter')).toBe('1')
  expect(context.get('aws:tagkeys')).toEqual(['CostCenter', 'Owner'])
  expect(of().get('aws:tagkeys')).toBeUndefined()
})

it('lets a service tell more', () => {
  const context = of({
    keys: new Map([['s3:prefix', 'home/']]),
    sourceArn: 'arn:aws:x',
    sourceAccount: '1',
    sourceIdentity: 'i',
  })
  expect(context.get('s3:prefix')).toBe('home/')
  expect(['aws:sourcearn', 'aws:sourceaccount', 'aws:sourceidentity'].map((key) => context.get(key))).toEqual([
    'arn:aws:x',
    '1',
    'i',
  ])
  expect(context.get('constructor')).toBeUndefined()
})
