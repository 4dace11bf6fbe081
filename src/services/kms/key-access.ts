import type { AccessRequest, ResourcePolicies } from '../../access/evaluation/access-request.ts'
import { NOT_ALLOWED_BY } from '../../access/evaluation/decision.ts'
import { deniedMessage } from '../../access/evaluation/denied-message.ts'
import { compileGrant, grantCloseness } from '../../access/evaluation/grant.ts'
import { compilePolicy } from '../../access/policy/compiled-policy.ts'
import { NOBODY } from '../../access/policy/principal-names.ts'
import type { Principal } from '../../access/principal.ts'
import type { KeyRow } from '../../storage/schema/kms.ts'
import type { EncryptionContext } from './cryptography/encryption-context.ts'
import { accessDenied } from './errors.ts'
import { type Grant, grantTerms, readGrant } from './grants/grant.ts'
import { keyArn } from './keys/key-reference.ts'
import type { KmsDeps } from './kms-deps.ts'

/** One use of a key that somebody wants to make. */
export interface KeyAccess {
  readonly key: KeyRow
  /** `kms:Decrypt`, `kms:ReEncryptFrom`, … */
  readonly action: string
  readonly principal: Principal
  readonly encryptionContext?: EncryptionContext
  /** The service that acts for the principal, as the name of the key that AWS manages for it: `s3`. */
  readonly via?: string
}

export type KeyDecision =
  | { readonly allowed: true; readonly by: 'account' }
  | { readonly allowed: true; readonly by: 'grant'; readonly grant: Grant }
  | { readonly allowed: false }

/** What everybody in the account may do with a key that AWS manages for a service, without that service. */
const METADATA = /^kms:(?:Describe|Get|List)/

/** What may be done with a key of another account at all. Source: "Cross-account use" of each operation in the API. */
const ACROSS_ACCOUNTS = new Set([
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:RevokeGrant',
])

/**
 * Decides whether a key may be used so: the one place where this is decided. Principals of the key's account may do
 * everything, others what a grant gives them.
 */
export function decideKeyAccess(access: KeyAccess, grants: readonly Grant[]): KeyDecision {
  const { key, action, principal, encryptionContext = {}, via } = access
  const ofAccount = key.account === principal.account
  if (key.managed_for !== null) {
    const throughService = METADATA.test(action) || via === key.managed_for
    return ofAccount && throughService ? { allowed: true, by: 'account' } : { allowed: false }
  }
  if (ofAccount) return { allowed: true, by: 'account' }
  if (!ACROSS_ACCOUNTS.has(action)) return { allowed: false }
  const operation = action.slice('kms:'.length)
  const grant = grants.find((one) => grantAllows(one, operation, principal, encryptionContext))
  return grant === undefined ? { allowed: false } : { allowed: true, by: 'grant', grant }
}

/** @throws AccessDeniedException */
export async function requireKeyAccess(
  deps: Pick<KmsDeps, 'database'>,
  access: KeyAccess,
): Promise<KeyDecision & { readonly allowed: true }> {
  const { key, action, principal } = access
  const grants = key.account === principal.account ? [] : await grantsOf(deps, key, principal)
  const decision = decideKeyAccess(access, grants)
  if (!decision.allowed) {
    throw accessDenied(deniedMessage({ principal, action, resource: keyArn(key) }, NOT_ALLOWED_BY.resource))
  }
  return decision
}

/** What a key itself has to say about a principal's requests, for the evaluation of policies. */
export async function keyResourcePolicies(
  deps: Pick<KmsDeps, 'database'>,
  key: KeyRow,
  principal: Principal,
): Promise<ResourcePolicies> {
  const grants = await grantsOf(deps, key, principal)
  return {
    rule: 'key',
    policies: [{ source: { id: keyArn(key), type: 'resource' }, policy: compilePolicy(key.policy) }],
    grants: grants.map((grant) => compileGrant(grantTerms(grant))),
  }
}

/** The grants on a key that may be about a principal. */
async function grantsOf(
  { database }: Pick<KmsDeps, 'database'>,
  key: KeyRow,
  principal: Principal,
): Promise<readonly Grant[]> {
  const rows = await database.query
    .selectFrom('kms_grants')
    .selectAll()
    .where('key_id', '=', key.key_id)
    .where('grantee', 'in', [...principalNames(principal)])
    .orderBy('grant_id')
    .execute()
  return rows.map(readGrant)
}

/** By what names a grant may speak of a principal: its own, the role it is a session of, its whole account. */
export const principalNames = (principal: Principal): readonly string[] => [
  principal.arn,
  ...(principal.roleArn === undefined ? [] : [principal.roleArn]),
  `arn:aws:iam::${principal.account}:root`,
]

/** Whether a grant gives this principal this operation, such as `Decrypt`, in this encryption context. */
export function grantAllows(
  grant: Grant,
  operation: string,
  principal: Principal,
  encryptionContext: EncryptionContext,
): boolean {
  const action = `kms:${operation.toLowerCase()}`
  const request: AccessRequest = {
    principal,
    action,
    resource: grant.keyId,
    resourceAccount: '',
    context: new Map(),
    encryptionContext,
  }
  return grantCloseness(compileGrant(grantTerms(grant)), request, action) !== NOBODY
}
