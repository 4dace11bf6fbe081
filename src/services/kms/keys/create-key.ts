import type { CreateKeyRequest, CreateKeyResponse } from '../../../model/generated/kms.ts'
import { notImplemented, validationException } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { defaultKeyPolicy, requireKeyPolicy } from '../policies/key-policy.ts'
import { newTags } from '../tags/tag-list.ts'
import { toKeyMetadata } from './key-metadata.ts'
import { newKey } from './new-key.ts'

/** Makes a symmetric key; every other kind is refused by name. */
export async function createKey(
  deps: KmsDeps,
  input: CreateKeyRequest,
  context: RequestContext,
): Promise<CreateKeyResponse> {
  refuseUnsupported(input)
  const { account, region, principal, now } = context
  const policy = input.Policy ?? defaultKeyPolicy(account)
  const { key, statements } = newKey(
    deps,
    {
      account,
      region,
      manager: 'CUSTOMER',
      managed_for: null,
      description: input.Description ?? '',
      policy,
      tags: newTags(input.Tags),
    },
    now,
  )
  if (input.Policy !== undefined) requireKeyPolicy(policy, key, principal, input.BypassPolicyLockoutSafetyCheck)
  await deps.database.commit(statements)
  return { KeyMetadata: toKeyMetadata(key) }
}

function refuseUnsupported(input: CreateKeyRequest): void {
  const { KeySpec, CustomerMasterKeySpec, KeyUsage, Origin } = input
  if (KeySpec !== undefined && CustomerMasterKeySpec !== undefined) {
    throw validationException(
      'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.',
    )
  }
  const spec = KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT'
  if (spec !== 'SYMMETRIC_DEFAULT') throw notImplemented(`CreateKey with KeySpec ${spec}`)
  if (KeyUsage !== undefined && KeyUsage !== 'ENCRYPT_DECRYPT') {
    throw validationException(`KeyUsage ${KeyUsage} is not compatible with KeySpec ${spec}.`)
  }
  if (Origin !== undefined && Origin !== 'AWS_KMS') throw notImplemented(`CreateKey with Origin ${Origin}`)
  if (input.CustomKeyStoreId !== undefined) throw notImplemented('CreateKey with CustomKeyStoreId')
  if (input.XksKeyId !== undefined) throw notImplemented('CreateKey with XksKeyId')
  if (input.MultiRegion) throw notImplemented('CreateKey with MultiRegion')
}
