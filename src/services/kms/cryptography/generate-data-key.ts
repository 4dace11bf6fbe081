import { randomBytes } from 'node:crypto'
import type {
  GenerateDataKeyRequest,
  GenerateDataKeyResponse,
  GenerateDataKeyWithoutPlaintextRequest,
  GenerateDataKeyWithoutPlaintextResponse,
} from '../../../model/generated/kms.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { dryRun, sizeOrSpec } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'
import type { KeyCaller } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { encryptWith, openUsableKey } from './use-key.ts'

/** A new data key, in the clear for use now and encrypted to be kept with what it protects. */
export async function generateDataKey(
  deps: KmsDeps,
  input: GenerateDataKeyRequest,
  caller: KeyCaller,
): Promise<GenerateDataKeyResponse> {
  if (input.Recipient !== undefined) throw notImplemented('GenerateDataKey with Recipient')
  return generate(deps, input, caller, 'kms:GenerateDataKey')
}

/** A new data key for somebody who will decrypt it later. */
export async function generateDataKeyWithoutPlaintext(
  deps: KmsDeps,
  input: GenerateDataKeyWithoutPlaintextRequest,
  caller: KeyCaller,
): Promise<GenerateDataKeyWithoutPlaintextResponse> {
  const { Plaintext: _kept, ...shown } = await generate(deps, input, caller, 'kms:GenerateDataKeyWithoutPlaintext')
  return shown
}

async function generate(
  deps: KmsDeps,
  input: GenerateDataKeyWithoutPlaintextRequest,
  caller: KeyCaller,
  action: string,
): Promise<GenerateDataKeyResponse> {
  const { KeyId, EncryptionContext: encryptionContext = {}, GrantTokens: grantTokens } = input
  const size = sizeOf(input)
  const key = await openUsableKey(deps, caller, KeyId, { action, encryptionContext, grantTokens })
  if (input.DryRun) throw dryRun()
  const Plaintext = new Uint8Array(randomBytes(size))
  return {
    CiphertextBlob: await encryptWith(deps, key, Plaintext, encryptionContext),
    Plaintext,
    KeyId: keyArn(key),
    KeyMaterialId: key.material_id,
  }
}

function sizeOf({ KeySpec, NumberOfBytes }: GenerateDataKeyWithoutPlaintextRequest): number {
  if ((KeySpec === undefined) === (NumberOfBytes === undefined)) throw sizeOrSpec()
  return NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32)
}
