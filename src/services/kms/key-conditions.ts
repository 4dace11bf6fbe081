import type { ContextValue } from '../../access/policy/context-values.ts'
import type { EncryptionContext } from './cryptography/encryption-context.ts'
import type { KeyAccess } from './key-access.ts'

/** Condition keys by lower-case name. */
export type KeyConditions = Readonly<Record<string, ContextValue | undefined>>

/** What every key is here: CreateKey makes no other. */
export const EVERY_KEY = {
  'kms:keyspec': 'SYMMETRIC_DEFAULT',
  'kms:keyusage': 'ENCRYPT_DECRYPT',
  'kms:keyorigin': 'AWS_KMS',
  'kms:multiregion': 'false',
}

const CRYPTOGRAPHIC = /^kms:(?:Encrypt|Decrypt|ReEncrypt)/

/**
 * The condition keys of KMS for one use of a key. `aliases` are all that stand for the key.
 * Source: "AWS KMS condition keys" (KMS Developer Guide).
 */
export function keyConditions(access: KeyAccess, aliases: readonly string[]): KeyConditions {
  const { key, action, principal, encryptionContext = {}, via, alias, conditions } = access
  const names = Object.keys(encryptionContext)
  return {
    ...ofContext(encryptionContext),
    ...EVERY_KEY,
    'kms:calleraccount': principal.account,
    'kms:viaservice': via === undefined ? undefined : `${via}.${key.region}.amazonaws.com`,
    'kms:encryptioncontextkeys': names.length === 0 ? undefined : names,
    'kms:encryptionalgorithm': CRYPTOGRAPHIC.test(action) ? 'SYMMETRIC_DEFAULT' : undefined,
    'kms:requestalias': alias,
    'kms:resourcealiases': aliases.length === 0 ? undefined : aliases,
    ...conditions,
  }
}

/**
 * `kms:EncryptionContext:…` by the names of the pairs. Condition keys ignore case: of names that differ by nothing else
 * none has a value, so that one cannot hide behind another.
 */
function ofContext(context: EncryptionContext): KeyConditions {
  const values = new Map<string, string | undefined>()
  for (const [name, value] of Object.entries(context)) {
    const folded = `kms:encryptioncontext:${name.toLowerCase()}`
    values.set(folded, values.has(folded) ? undefined : value)
  }
  return Object.fromEntries(values)
}
