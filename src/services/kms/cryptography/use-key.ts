import type { KeyRow } from '../../../storage/schema/kms.ts'
import { ciphertextOfUnknownKey, incorrectKey, invalidCiphertext, wrongAlgorithm } from '../errors.ts'
import { requireGrantTokens } from '../grants/grant-token.ts'
import { parseKeyReference } from '../keys/key-reference.ts'
import { requireEnabled } from '../keys/key-state.ts'
import { findKeyById } from '../keys/key-store.ts'
import { findKey, type KeyCaller, type KeyUse, openKeyOrAlias, requireAccess } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { type EncryptionContext, requireContextSize } from './encryption-context.ts'
import { openEnvelope, readOrigin, sealEnvelope } from './envelope.ts'

/** The key that a text names, once the caller may use it and it can be used. */
export async function openUsableKey(deps: KmsDeps, caller: KeyCaller, text: string, use: KeyUse): Promise<KeyRow> {
  requireContextSize(use.encryptionContext ?? {})
  const key = await openKeyOrAlias(deps, caller, text, use)
  requireEnabled(key)
  return key
}

/** Encrypts with the key's newest material. */
export async function encryptWith(
  deps: KmsDeps,
  key: KeyRow,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Promise<Uint8Array> {
  const material = await deps.materials.load(key.key_id, key.material_id)
  // Deleted since the key was read.
  if (material === undefined) throw ciphertextOfUnknownKey()
  return sealEnvelope(material, { keyId: key.key_id, materialId: key.material_id }, plaintext, context)
}

export interface Decrypted {
  readonly key: KeyRow
  readonly materialId: string
  readonly plaintext: Uint8Array
}

/**
 * Opens a ciphertext with the key that it names, once the caller may use that key.
 * @param expected what the caller says the key is, if it does
 * @throws InvalidCiphertextException, IncorrectKeyException, AccessDeniedException and those of openUsableKey
 */
export async function decryptAs(
  deps: KmsDeps,
  caller: KeyCaller,
  ciphertext: Uint8Array,
  expected: string | undefined,
  use: KeyUse,
): Promise<Decrypted> {
  const { encryptionContext = {} } = use
  requireContextSize(encryptionContext)
  requireGrantTokens(deps.masterKey, use.grantTokens)
  const reference = expected === undefined ? undefined : parseKeyReference(expected, caller)
  const alias = reference?.kind === 'alias' ? reference.name : undefined
  const named = reference === undefined ? undefined : await findKey(deps, caller, reference, use.action)
  const origin = readOrigin(ciphertext)
  if (origin === undefined) throw invalidCiphertext()
  if (named !== undefined && named.key_id !== origin.keyId) {
    await requireAccess(deps, caller, named, use, alias)
    throw incorrectKey()
  }
  const key = named ?? (await findKeyById(deps.database, origin.keyId))
  if (key === undefined || key.region !== caller.region) throw ciphertextOfUnknownKey()
  await requireAccess(deps, caller, key, use, alias)
  requireEnabled(key)
  const material = await deps.materials.load(key.key_id, origin.materialId)
  const plaintext = material === undefined ? undefined : openEnvelope(material, ciphertext, encryptionContext)
  if (plaintext === undefined) throw invalidCiphertext()
  return { key, materialId: origin.materialId, plaintext }
}

/** @throws InvalidKeyUsageException for an algorithm of asymmetric keys */
export function requireSymmetric(algorithm: string | undefined): void {
  if (algorithm !== undefined && algorithm !== 'SYMMETRIC_DEFAULT') throw wrongAlgorithm(algorithm)
}
