import type { EncryptRequest, EncryptResponse } from '../../../model/generated/kms.ts'
import { dryRun, plaintextSize } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'
import type { KeyCaller } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { encryptWith, openUsableKey, requireSymmetric } from './use-key.ts'

const MAX_BYTES = 4_096

/** Encrypts up to 4096 bytes. */
export async function encrypt(deps: KmsDeps, input: EncryptRequest, caller: KeyCaller): Promise<EncryptResponse> {
  const { KeyId, Plaintext, EncryptionContext: encryptionContext = {}, GrantTokens: grantTokens } = input
  if (Plaintext.length === 0) throw plaintextSize('Member must have length greater than or equal to 1')
  if (Plaintext.length > MAX_BYTES) throw plaintextSize(`Member must have length less than or equal to ${MAX_BYTES}`)
  const key = await openUsableKey(deps, caller, KeyId, { action: 'kms:Encrypt', encryptionContext, grantTokens })
  requireSymmetric(input.EncryptionAlgorithm)
  if (input.DryRun) throw dryRun()
  return {
    CiphertextBlob: await encryptWith(deps, key, Plaintext, encryptionContext),
    KeyId: keyArn(key),
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  }
}
