import type { PolicyCache } from '../../access/policy/policy-cache.ts'
import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { SealedBox } from '../../shared/sealed-box.ts'
import type { Database } from '../../storage/database.ts'
import type { Authorizer } from '../authorizer.ts'
import { createKeyMaterials, type KeyMaterials } from './cryptography/key-materials.ts'

/** What the operations of the Key Management Service work with. */
export interface KmsDeps {
  readonly database: Database
  readonly queue: WorkQueue
  readonly clock: Clock
  /** Seals the key material and the grant tokens. */
  readonly masterKey: SealedBox
  readonly materials: KeyMaterials
  readonly authorizer: Authorizer
  /** Of keys. */
  readonly policies: PolicyCache
}

/** Joins what the operations share: one for the service and its facade. */
export const createKmsDeps = (parts: Omit<KmsDeps, 'materials'>): KmsDeps => ({
  ...parts,
  materials: createKeyMaterials(parts.database, parts.masterKey),
})
