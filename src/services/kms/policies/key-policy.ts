import { evaluate } from '../../../access/evaluation/evaluate.ts'
import { checkPolicy } from '../../../access/policy/check-policy.ts'
import { compilePolicy } from '../../../access/policy/compiled-policy.ts'
import { isTooLarge, SIZE_LIMITS } from '../../../access/policy/policy-kind.ts'
import type { Principal } from '../../../access/principal.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import { limitExceeded, malformedPolicy } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'

/** The only name that a key's policy can have. */
export const POLICY_NAME = 'default'

/** What a key has when it is given no policy: the account's own policies decide. */
export const defaultKeyPolicy = (account: string): string =>
  document('key-default-1', [
    {
      Sid: 'Enable IAM User Permissions',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ])

/** Of a key that AWS manages: it is used through its service only, and looked at by the account. */
export const managedKeyPolicy = (account: string, region: string, service: string): string =>
  document(`auto-${service}-1`, [
    {
      Sid: `Allow use through ${service} by the principals of the account`,
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      Resource: '*',
      Condition: {
        StringEquals: { 'kms:CallerAccount': account, 'kms:ViaService': `${service}.${region}.amazonaws.com` },
      },
    },
    {
      Sid: 'Allow the account to look at the key',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: ['kms:Describe*', 'kms:Get*', 'kms:List*'],
      Resource: '*',
    },
  ])

const document = (id: string, statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Id: id, Statement: statements }, undefined, 2)

/**
 * Refuses a text that is no key policy, and one after which the principal could not put another; the latter not with
 * `bypassLockout`.
 * @throws MalformedPolicyDocumentException, LimitExceededException
 */
export function requireKeyPolicy(text: string, key: KeyRow, principal: Principal, bypassLockout = false): void {
  if (isTooLarge('key', text)) {
    throw limitExceeded(`The key policy is larger than ${SIZE_LIMITS.key.maximum} bytes.`)
  }
  const fault = checkPolicy(text, 'key')
  if (fault !== undefined) throw malformedPolicy(fault.message)
  if (bypassLockout || keepsControl(text, key, principal)) return
  throw malformedPolicy('The new key policy will not allow you to update the key policy in the future.')
}

const EVERYTHING = {
  source: { id: 'everything', type: 'none' },
  policy: compilePolicy('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'),
} as const

/** Whether the key's side would let the principal put another policy, in a request of which nothing is known. */
function keepsControl(text: string, key: KeyRow, principal: Principal): boolean {
  const arn = keyArn(key)
  const request = {
    principal,
    action: 'kms:PutKeyPolicy',
    resource: arn,
    resourceAccount: key.account,
    context: new Map<string, string>(),
  }
  const policies = [{ source: { id: arn, type: 'resource' as const }, policy: compilePolicy(text) }]
  return evaluate(request, { identity: [EVERYTHING], resource: { policies, rule: 'key' } }).allowed
}
