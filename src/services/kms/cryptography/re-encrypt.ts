import type { ReEncryptRequest, ReEncryptResponse } from '../../../model/generated/kms.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { dryRun, missingCiphertext } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'
import type { KeyCaller } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { decryptAs, encryptWith, openUsableKey, requireSymmetric } from './use-key.ts'

/** Decrypts and encrypts again, without the plaintext ever leaving. */
export async function reEncrypt(deps: KmsDeps, input: ReEncryptRequest, caller: KeyCaller): Promise<ReEncryptResponse> {
  if (input.DryRunModifiers !== undefined) throw notImplemented('ReEncrypt with DryRunModifiers')
  if (input.CiphertextBlob === undefined) throw missingCiphertext()
  requireSymmetric(input.SourceEncryptionAlgorithm)
  requireSymmetric(input.DestinationEncryptionAlgorithm)
  const { GrantTokens: grantTokens, DestinationEncryptionContext: destinationContext = {} } = input
  const source = await decryptAs(deps, caller, input.CiphertextBlob, input.SourceKeyId, {
    action: 'kms:ReEncryptFrom',
    encryptionContext: input.SourceEncryptionContext,
    grantTokens,
  })
  const destination = await openUsableKey(deps, caller, input.DestinationKeyId, {
    action: 'kms:ReEncryptTo',
    encryptionContext: destinationContext,
    grantTokens,
  })
  if (input.DryRun) throw dryRun()
  return {
    CiphertextBlob: await encryptWith(deps, destination, source.plaintext, destinationContext),
    SourceKeyId: keyArn(source.key),
    KeyId: keyArn(destination),
    SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    SourceKeyMaterialId: source.materialId,
    DestinationKeyMaterialId: destination.material_id,
  }
}
