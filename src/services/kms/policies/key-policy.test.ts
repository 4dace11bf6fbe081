import { expect, test } from 'vitest'
import { rootPrincipal, userPrincipal } from '../../../access/principals.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import { defaultKeyPolicy, managedKeyPolicy, requireKeyPolicy } from './key-policy.ts'

const ACCOUNT = '111111111111'
const key = { key_id: '1234abcd-12ab-34cd-56ef-1234567890ab', account: ACCOUNT, region: 'us-east-1' } as KeyRow
const ann = userPrincipal(ACCOUNT, { path: '/', name: 'ann', id: 'AIDA1' })
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })
const allow = (principal: unknown, action: unknown = 'kms:*', more: object = {}) => ({
  Effect: 'Allow',
  Principal: principal,
  Action: action,
  Resource: '*',
  ...more,
})
const put = (text: string, principal = ann, bypass = false) => requireKeyPolicy(text, key, principal, bypass)

test('the policies of new keys are such', () => {
  put(defaultKeyPolicy(ACCOUNT))
  put(managedKeyPolicy(ACCOUNT, 'us-east-1', 's3'), ann, true)
})

test.each([
  ['the account', allow({ AWS: `arn:aws:iam::${ACCOUNT}:root` })],
  ['the account by number', allow({ AWS: ACCOUNT })],
  ['the user', allow({ AWS: ann.arn }, ['kms:Put*', 'kms:Get*'])],
  ['everybody', allow('*')],
])('a policy for %s is taken', (_name, statement) => {
  put(policy(statement))
})

test.each([
  ['names another account', allow({ AWS: '222222222222' })],
  ['gives only use', allow({ AWS: ann.arn }, ['kms:Encrypt', 'kms:Decrypt'])],
  [
    'depends on the request',
    allow({ AWS: ann.arn }, 'kms:*', { Condition: { StringEquals: { 'aws:PrincipalTag/a': 'b' } } }),
  ],
])('a policy that %s would lock out who puts it', (_name, statement) => {
  expect(() => put(policy(statement))).toThrow(
    'The new key policy will not allow you to update the key policy in the future.',
  )
  put(policy(statement), ann, true)
})

test('what is denied does not count as allowed', () => {
  const denied = policy(allow('*'), { ...allow({ AWS: ann.arn }, 'kms:PutKeyPolicy'), Effect: 'Deny' })
  expect(() => put(denied)).toThrow(/will not allow you/)
  put(denied, rootPrincipal(ACCOUNT))
})

test.each([
  ['no JSON', '{'],
  ['no object', '[]'],
  ['no statement', '{"Version":"2012-10-17"}'],
  ['another version', '{"Version":"2020-01-01","Statement":[]}'],
  ['an unknown member', JSON.stringify({ Version: '2012-10-17', Statement: [allow('*')], More: 1 })],
  ['no effect', policy({ Principal: '*', Action: 'kms:*', Resource: '*' })],
  ['no principal', policy({ Effect: 'Allow', Action: 'kms:*', Resource: '*' })],
  ['an action of another service', policy(allow('*', 's3:GetObject'))],
  ['an unknown operator', policy(allow('*', 'kms:*', { Condition: { Same: { 'aws:x': '1' } } }))],
])('%s is no policy, bypass or not', (_name, text) => {
  for (const bypass of [false, true]) {
    expect(() => put(text, ann, bypass)).toThrow(expect.objectContaining({ code: 'MalformedPolicyDocumentException' }))
  }
})

test('principals that cannot be are refused in the words of KMS', () => {
  for (const name of ['ann', 'arn:aws:iam::1:root', 'arn:aws:iam::111111111111:user/*', '']) {
    expect(() => put(policy(allow('*'), allow({ AWS: name })))).toThrow(
      'Policy contains a statement with one or more invalid principals.',
    )
  }
})

test('32 KiB is the most', () => {
  const text = policy(allow('*'))
  put(text + ' '.repeat(32_768 - text.length))
  expect(() => put(text + ' '.repeat(32_769 - text.length))).toThrow(
    expect.objectContaining({ code: 'LimitExceededException' }),
  )
})
