import { randomUUID } from 'node:crypto'
import type { Statement } from '../../../storage/database.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import { statement } from '../../../storage/statement.ts'
import type { KmsDeps } from '../kms-deps.ts'

type Given = Pick<KeyRow, 'account' | 'region' | 'manager' | 'managed_for' | 'description' | 'policy' | 'tags'> &
  Partial<Pick<KeyRow, 'rotation_days' | 'next_rotation_at'>>

/** A new enabled key with its first material, and the statements that store both. */
export function newKey(
  { database: { query }, materials }: KmsDeps,
  given: Given,
  now: number,
): { readonly key: KeyRow; readonly statements: readonly Statement[] } {
  const keyId = randomUUID()
  const material = materials.create(keyId, 'INITIAL', now)
  const key: KeyRow = {
    key_id: keyId,
    state: 'Enabled',
    material_id: material.material_id,
    rotation_days: null,
    next_rotation_at: null,
    deletion_at: null,
    created_at: now,
    ...given,
  }
  const statements = [
    statement(query.insertInto('kms_keys').values(key)),
    statement(query.insertInto('kms_materials').values(material)),
  ]
  return { key, statements }
}
