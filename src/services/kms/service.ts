import type { KmsOperation, KmsOperations } from '../../model/generated/kms.ts'
import type { Operation, OperationTable } from '../operation.ts'
import { createAlias } from './aliases/create-alias.ts'
import { deleteAlias } from './aliases/delete-alias.ts'
import { listAliases } from './aliases/list-aliases.ts'
import { updateAlias } from './aliases/update-alias.ts'
import { decrypt } from './cryptography/decrypt.ts'
import { encrypt } from './cryptography/encrypt.ts'
import { generateDataKey, generateDataKeyWithoutPlaintext } from './cryptography/generate-data-key.ts'
import { generateRandom } from './cryptography/generate-random.ts'
import { reEncrypt } from './cryptography/re-encrypt.ts'
import { createGrant } from './grants/create-grant.ts'
import { listGrants } from './grants/list-grants.ts'
import { listRetirableGrants } from './grants/list-retirable-grants.ts'
import { retireGrant } from './grants/retire-grant.ts'
import { revokeGrant } from './grants/revoke-grant.ts'
import { cancelKeyDeletion } from './keys/cancel-key-deletion.ts'
import { createKey } from './keys/create-key.ts'
import { describeKey } from './keys/describe-key.ts'
import { disableKey } from './keys/disable-key.ts'
import { enableKey } from './keys/enable-key.ts'
import { listKeys } from './keys/list-keys.ts'
import { scheduleKeyDeletion } from './keys/schedule-key-deletion.ts'
import { updateKeyDescription } from './keys/update-key-description.ts'
import type { KmsDeps } from './kms-deps.ts'
import { getKeyPolicy } from './policies/get-key-policy.ts'
import { listKeyPolicies } from './policies/list-key-policies.ts'
import { putKeyPolicy } from './policies/put-key-policy.ts'
import { disableKeyRotation } from './rotation/disable-key-rotation.ts'
import { enableKeyRotation } from './rotation/enable-key-rotation.ts'
import { getKeyRotationStatus } from './rotation/get-key-rotation-status.ts'
import { listKeyRotations } from './rotation/list-key-rotations.ts'
import { rotateKeyOnDemand } from './rotation/rotate-key-on-demand.ts'
import { listResourceTags, tagResource, untagResource } from './tags/key-tags.ts'

type KmsTable = {
  readonly [Name in KmsOperation]: Operation<KmsOperations[Name]['input'], KmsOperations[Name]['output']>
}

/** The Key Management Service: symmetric keys, and what is encrypted under them. */
export const createKmsService = (deps: KmsDeps): OperationTable =>
  ({
    CancelKeyDeletion: (input, context) => cancelKeyDeletion(deps, input, context),
    CreateAlias: (input, context) => createAlias(deps, input, context),
    CreateGrant: (input, context) => createGrant(deps, input, context),
    CreateKey: (input, context) => createKey(deps, input, context),
    Decrypt: (input, context) => decrypt(deps, input, context),
    DeleteAlias: (input, context) => deleteAlias(deps, input, context),
    DescribeKey: (input, context) => describeKey(deps, input, context),
    DisableKey: (input, context) => disableKey(deps, input, context),
    DisableKeyRotation: (input, context) => disableKeyRotation(deps, input, context),
    EnableKey: (input, context) => enableKey(deps, input, context),
    EnableKeyRotation: (input, context) => enableKeyRotation(deps, input, context),
    Encrypt: (input, context) => encrypt(deps, input, context),
    GenerateDataKey: (input, context) => generateDataKey(deps, input, context),
    GenerateDataKeyWithoutPlaintext: (input, context) => generateDataKeyWithoutPlaintext(deps, input, context),
    GenerateRandom: (input) => generateRandom(input),
    GetKeyPolicy: (input, context) => getKeyPolicy(deps, input, context),
    GetKeyRotationStatus: (input, context) => getKeyRotationStatus(deps, input, context),
    ListAliases: (input, context) => listAliases(deps, input, context),
    ListGrants: (input, context) => listGrants(deps, input, context),
    ListKeyPolicies: (input, context) => listKeyPolicies(deps, input, context),
    ListKeyRotations: (input, context) => listKeyRotations(deps, input, context),
    ListKeys: (input, context) => listKeys(deps, input, context),
    ListResourceTags: (input, context) => listResourceTags(deps, input, context),
    ListRetirableGrants: (input, context) => listRetirableGrants(deps, input, context),
    PutKeyPolicy: (input, context) => putKeyPolicy(deps, input, context),
    ReEncrypt: (input, context) => reEncrypt(deps, input, context),
    RetireGrant: (input, context) => retireGrant(deps, input, context),
    RevokeGrant: (input, context) => revokeGrant(deps, input, context),
    RotateKeyOnDemand: (input, context) => rotateKeyOnDemand(deps, input, context),
    ScheduleKeyDeletion: (input, context) => scheduleKeyDeletion(deps, input, context),
    TagResource: (input, context) => tagResource(deps, input, context),
    UntagResource: (input, context) => untagResource(deps, input, context),
    UpdateAlias: (input, context) => updateAlias(deps, input, context),
    UpdateKeyDescription: (input, context) => updateKeyDescription(deps, input, context),
  }) satisfies KmsTable
