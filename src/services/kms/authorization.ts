import type { KmsOperation, KmsOperations } from '../../model/generated/kms.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'

type Inputs = { readonly [Name in KmsOperation]: NeedsOf<KmsOperations[Name]['input']> }

/** The handler asks: which key it is about an alias or a ciphertext says, and the key's own policy and grants decide. */
const onKey = (): readonly AccessNeed[] => []

const onAll = (action: KmsOperation) => (): readonly AccessNeed[] => [{ action: `kms:${action}`, resource: '*' }]

/** Source: the service authorization reference of AWS KMS. */
const table: Inputs = {
  CancelKeyDeletion: onKey,
  CreateAlias: onKey,
  CreateGrant: onKey,
  CreateKey: onAll('CreateKey'),
  Decrypt: onKey,
  DeleteAlias: onKey,
  DescribeKey: onKey,
  DisableKey: onKey,
  DisableKeyRotation: onKey,
  EnableKey: onKey,
  EnableKeyRotation: onKey,
  Encrypt: onKey,
  GenerateDataKey: onKey,
  GenerateDataKeyWithoutPlaintext: onKey,
  GenerateRandom: onAll('GenerateRandom'),
  GetKeyPolicy: onKey,
  GetKeyRotationStatus: onKey,
  ListAliases: onAll('ListAliases'),
  ListGrants: onKey,
  ListKeyPolicies: onKey,
  ListKeyRotations: onKey,
  ListKeys: onAll('ListKeys'),
  ListResourceTags: onKey,
  // Who may retire a grant the grant itself says; the listing shows only such.
  ListRetirableGrants: onAll('ListRetirableGrants'),
  PutKeyPolicy: onKey,
  ReEncrypt: onKey,
  RetireGrant: onKey,
  RevokeGrant: onKey,
  RotateKeyOnDemand: onKey,
  ScheduleKeyDeletion: onKey,
  TagResource: onKey,
  UntagResource: onKey,
  UpdateAlias: onKey,
  UpdateKeyDescription: onKey,
}

export const kmsAuthorization: AuthorizationTable = table
