import type { KeyRow } from '../../../storage/schema/kms.ts'
import { disabled, pendingDeletion } from '../errors.ts'
import { keyArn } from './key-reference.ts'

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion'

/** @throws DisabledException or KMSInvalidStateException when the key cannot be used */
export function requireEnabled(key: KeyRow): void {
  requireNotPendingDeletion(key)
  if (key.state !== 'Enabled') throw disabled(keyArn(key))
}

/** @throws KMSInvalidStateException when the key waits for its deletion */
export function requireNotPendingDeletion(key: KeyRow): void {
  if (key.state === 'PendingDeletion') throw pendingDeletion(keyArn(key))
}
