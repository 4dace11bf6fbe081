import type { Principal } from '../../../access/principal.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import type { EncryptionContext } from '../cryptography/encryption-context.ts'
import { aliasMissing, keyMissing } from '../errors.ts'
import { requireGrantTokens } from '../grants/grant-token.ts'
import { requireKeyAccess } from '../key-access.ts'
import type { KmsDeps } from '../kms-deps.ts'
import {
  aliasArn,
  type KeyReference,
  type KmsScope,
  keyArn,
  parseKeyOnlyReference,
  parseKeyReference,
} from './key-reference.ts'
import { findKeyByAlias, findKeyById } from './key-store.ts'
import { ensureManagedKey, managedServiceOf } from './managed-keys.ts'

/** Who wants to use a key. A request's context is one. */
export interface KeyCaller extends KmsScope {
  readonly principal: Principal
  /** The service that acts for the principal, as in KeyAccess. */
  readonly via?: string
}

export interface KeyUse {
  /** `kms:Encrypt` */
  readonly action: string
  readonly encryptionContext?: EncryptionContext
  readonly grantTokens?: readonly string[]
}

/**
 * The key that a text names by id, ARN or alias, once the caller may use it so.
 * @throws NotFoundException, AccessDeniedException, InvalidGrantTokenException
 */
export const openKeyOrAlias = (deps: KmsDeps, caller: KeyCaller, text: string, use: KeyUse): Promise<KeyRow> =>
  open(deps, caller, parseKeyReference(text, caller), use)

/** The same for operations that take no alias. @throws InvalidArnException too, for an alias */
export const openKey = (deps: KmsDeps, caller: KeyCaller, text: string, use: KeyUse): Promise<KeyRow> =>
  open(deps, caller, parseKeyOnlyReference(text, caller), use)

async function open(deps: KmsDeps, caller: KeyCaller, reference: KeyReference, use: KeyUse): Promise<KeyRow> {
  requireGrantTokens(deps.masterKey, use.grantTokens)
  const key = await findKey(deps, caller, reference)
  await requireAccess(deps, caller, key, use)
  return key
}

export const requireAccess = (deps: KmsDeps, { principal, via }: KeyCaller, key: KeyRow, use: KeyUse) =>
  requireKeyAccess(deps, { key, principal, action: use.action, encryptionContext: use.encryptionContext, via })

/** @throws NotFoundException */
export async function findKey(deps: KmsDeps, caller: KeyCaller, reference: KeyReference): Promise<KeyRow> {
  if (reference.kind === 'key') {
    const key = await findKeyById(deps.database, reference.id)
    if (key?.account === reference.account && key.region === reference.region) return key
    throw keyMissing(keyArn({ ...reference, key_id: reference.id }))
  }
  const key = await findKeyByAlias(deps.database, reference, reference.name)
  if (key !== undefined) return key
  const service = managedServiceOf(reference.name)
  if (service === undefined || reference.account !== caller.account) {
    throw aliasMissing(aliasArn(reference, reference.name))
  }
  return ensureManagedKey(deps, reference, service)
}
