import type { DescribeKeyRequest, DescribeKeyResponse } from '../../../model/generated/kms.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { toKeyMetadata } from './key-metadata.ts'
import { type KeyCaller, openKeyOrAlias } from './open-key.ts'

export async function describeKey(
  deps: KmsDeps,
  input: DescribeKeyRequest,
  caller: KeyCaller,
): Promise<DescribeKeyResponse> {
  const key = await openKeyOrAlias(deps, caller, input.KeyId, {
    action: 'kms:DescribeKey',
    grantTokens: input.GrantTokens,
  })
  return { KeyMetadata: toKeyMetadata(key) }
}
