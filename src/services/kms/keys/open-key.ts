import type { Principal } from '../../../access/principal.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import type { RequestOrigin } from '../../authorizer.ts'
import type { EncryptionContext } from '../cryptography/encryption-context.ts'
import { aliasMissing, keyMissing } from '../errors.ts'
import { requireGrantTokens } from '../grants/grant-token.ts'
import { CLOSED, type KeyAccess, requireKeyAccess } from '../key-access.ts'
import type { KeyConditions } from '../key-conditions.ts'
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
  readonly origin?: RequestOrigin
}

export interface KeyUse {
  /** `kms:Encrypt` */
  readonly action: string
  readonly encryptionContext?: EncryptionContext
  readonly grantTokens?: readonly string[]
  /** Condition keys that only this operation has. */
  readonly conditions?: KeyConditions
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
  const key = await findKey(deps, caller, reference, use.action)
  await requireAccess(deps, caller, key, use, reference.kind === 'alias' ? reference.name : undefined)
  return key
}

/** @throws AccessDeniedException */
export const requireAccess = (deps: KmsDeps, caller: KeyCaller, key: KeyRow, use: KeyUse, alias?: string) =>
  requireKeyAccess(deps, accessTo(caller, key, use, alias))

export const accessTo = (
  { principal, via, origin }: KeyCaller,
  key: KeyRow,
  use: KeyUse,
  alias?: string,
): KeyAccess => {
  const { action, encryptionContext, conditions } = use
  return { key, principal, action, encryptionContext, conditions, via, origin, alias }
}

/**
 * The key of a reference. Who asks for one of another account learns nothing of whether there is one.
 * @throws NotFoundException, AccessDeniedException
 */
export async function findKey(
  deps: KmsDeps,
  caller: KeyCaller,
  reference: KeyReference,
  action: string,
): Promise<KeyRow> {
  if (reference.kind === 'key') {
    const key = await findKeyById(deps.database, reference.id)
    if (key?.account === reference.account && key.region === reference.region) return key
    const arn = keyArn({ ...reference, key_id: reference.id })
    await denyStranger(deps, caller, reference, arn, action)
    throw keyMissing(arn)
  }
  const key = await findKeyByAlias(deps.database, reference, reference.name)
  if (key !== undefined) return key
  const arn = aliasArn(reference, reference.name)
  await denyStranger(deps, caller, reference, arn, action)
  const service = managedServiceOf(reference.name)
  if (service === undefined) throw aliasMissing(arn)
  return ensureManagedKey(deps, reference, service)
}

async function denyStranger(
  { authorizer }: KmsDeps,
  { principal, account, origin }: KeyCaller,
  reference: KeyReference,
  resource: string,
  action: string,
): Promise<void> {
  if (reference.account === account) return
  const resourceSide = { account: reference.account, policies: CLOSED }
  await authorizer.require({ principal, action, resource, origin, resourceSide })
}
