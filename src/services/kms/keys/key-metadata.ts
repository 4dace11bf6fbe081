import type { KeyMetadata } from '../../../model/generated/kms.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import { keyArn } from './key-reference.ts'

/** A key as CreateKey and DescribeKey show it. */
export const toKeyMetadata = (key: KeyRow): KeyMetadata => ({
  AWSAccountId: key.account,
  KeyId: key.key_id,
  Arn: keyArn(key),
  CreationDate: key.created_at,
  Enabled: key.state === 'Enabled',
  Description: key.description,
  KeyUsage: 'ENCRYPT_DECRYPT',
  KeyState: key.state as KeyMetadata['KeyState'],
  DeletionDate: key.deletion_at ?? undefined,
  Origin: 'AWS_KMS',
  KeyManager: key.manager as KeyMetadata['KeyManager'],
  CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
  KeySpec: 'SYMMETRIC_DEFAULT',
  EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
  MultiRegion: false,
  CurrentKeyMaterialId: key.material_id,
})
