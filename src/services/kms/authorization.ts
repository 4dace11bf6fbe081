import type { KmsOperation, KmsOperations } from '../../model/generated/kms.ts'
import type { AccessNeed, AuthorizationTable, NeedsOf } from '../authorization.ts'
import { EVERY_KEY } from './key-conditions.ts'
import { requestTags } from './tags/tag-list.ts'

type Inputs = { readonly [Name in KmsOperation]: NeedsOf<KmsOperations[Name]['input']> }

/** The handler asks: which key it is about an alias or a ciphertext says, and the key's own policy and grants decide. */
const onKey = (): readonly AccessNeed[] => []

const onAll = (action: KmsOperation) => (): readonly AccessNeed[] => [{ action: `kms:${action}`, resource: '*' }]

/** Source: the service authorization reference of AWS KMS. */
const table: Inputs = {
  CancelKeyDeletion: onKey,
  CreateAlias: onKey,
  CreateGrant: onKey,
  // Who creates a key with tags must be allowed to tag it as well.
  CreateKey: (input) =>
    (['CreateKey', ...(input.Tags?.length ? ['TagResource'] : [])] as const).map((action) => ({
      action: `kms:${action}`,
      resource: '*',
      conditions: {
        ...EVERY_KEY,
        'kms:bypasspolicylockoutsafetycheck': String(input.BypassPolicyLockoutSafetyCheck ?? false),
        ...(input.Tags?.length ? requestTags(input.Tags) : {}),
      },
    })),
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
