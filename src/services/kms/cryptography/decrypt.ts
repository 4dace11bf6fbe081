import type { DecryptRequest, DecryptResponse } from '../../../model/generated/kms.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { dryRun, missingCiphertext } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'
import type { KeyCaller } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { decryptAs, requireSymmetric } from './use-key.ts'

/** The ciphertext says which key it is for; a KeyId only says which one the caller trusts. */
export async function decrypt(deps: KmsDeps, input: DecryptRequest, caller: KeyCaller): Promise<DecryptResponse> {
  if (input.Recipient !== undefined) throw notImplemented('Decrypt with Recipient')
  if (input.DryRunModifiers !== undefined) throw notImplemented('Decrypt with DryRunModifiers')
  if (input.CiphertextBlob === undefined) throw missingCiphertext()
  requireSymmetric(input.EncryptionAlgorithm)
  const { key, materialId, plaintext } = await decryptAs(deps, caller, input.CiphertextBlob, input.KeyId, {
    action: 'kms:Decrypt',
    encryptionContext: input.EncryptionContext,
    grantTokens: input.GrantTokens,
  })
  if (input.DryRun) throw dryRun()
  return {
    KeyId: keyArn(key),
    Plaintext: plaintext,
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    KeyMaterialId: materialId,
  }
}
