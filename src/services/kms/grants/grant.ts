import type { GrantTerms } from '../../../access/evaluation/grant.ts'
import type { GrantConstraints, GrantListEntry, GrantOperationList } from '../../../model/generated/kms.ts'
import type { GrantRow } from '../../../storage/schema/kms.ts'
import { keyArn } from '../keys/key-reference.ts'

/** What a key gives to somebody, beside its policy. */
export interface Grant {
  readonly id: string
  readonly keyId: string
  /** Who may use the key; the ARN of a role, a session, a user, or an account's root for all of it. */
  readonly grantee: string
  readonly retiring: string | null
  readonly operations: readonly string[]
  readonly constraints: GrantConstraints | undefined
  readonly issuingAccount: string
}

export const readGrant = (row: GrantRow): Grant => ({
  id: row.grant_id,
  keyId: row.key_id,
  grantee: row.grantee,
  retiring: row.retiring,
  operations: JSON.parse(row.operations) as string[],
  constraints: row.constraints === null ? undefined : (JSON.parse(row.constraints) as GrantConstraints),
  issuingAccount: row.issuing_account,
})

export const grantTerms = ({ id, grantee, operations, constraints }: Grant): GrantTerms => ({
  grantId: id,
  granteePrincipal: grantee,
  operations,
  encryptionContextEquals: constraints?.EncryptionContextEquals,
  encryptionContextSubset: constraints?.EncryptionContextSubset,
})

export const toGrantEntry = (row: GrantRow, keyAccount: string): GrantListEntry => ({
  KeyId: keyArn({ account: keyAccount, region: row.region, key_id: row.key_id }),
  GrantId: row.grant_id,
  // A grant without a name is shown with an empty one.
  Name: row.name ?? '',
  CreationDate: row.created_at,
  GranteePrincipal: row.grantee,
  RetiringPrincipal: row.retiring ?? undefined,
  IssuingAccount: `arn:aws:iam::${row.issuing_account}:root`,
  Operations: JSON.parse(row.operations) as GrantOperationList,
  Constraints: row.constraints === null ? undefined : (JSON.parse(row.constraints) as GrantConstraints),
})

/**
 * By which names a grant may be given back: of the principal that it names for it, of the one it was given to if it says
 * so, and of the account that made it. Source: "Retiring and revoking grants" (KMS Developer Guide).
 */
export const retirers = ({ grantee, retiring, operations, issuingAccount }: Grant): readonly string[] => [
  ...(retiring === null ? [] : [retiring]),
  ...(operations.includes('RetireGrant') ? [grantee] : []),
  `arn:aws:iam::${issuingAccount}:root`,
]

type Given = Pick<Grant, 'operations' | 'constraints'>

/** Whether who was given `parent` may hand on `child`: no more operations, and no looser constraints. */
export function covers(parent: Given, child: Given): boolean {
  if (!child.operations.every((operation) => parent.operations.includes(operation))) return false
  const { EncryptionContextEquals: equal, EncryptionContextSubset: subset } = parent.constraints ?? {}
  const { EncryptionContextEquals: childEqual, EncryptionContextSubset: childSubset } = child.constraints ?? {}
  if (equal !== undefined) {
    if (childEqual === undefined || !includes(childEqual, equal) || !includes(equal, childEqual)) return false
  }
  return subset === undefined || includes({ ...childSubset, ...childEqual }, subset)
}

type Pairs = Readonly<Record<string, string>>

const includes = (whole: Pairs, part: Pairs): boolean =>
  Object.entries(part).every(([key, value]) => Object.hasOwn(whole, key) && whole[key] === value)
