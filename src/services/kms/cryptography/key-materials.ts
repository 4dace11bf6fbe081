import { randomBytes } from 'node:crypto'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { Database } from '../../../storage/database.ts'
import type { KeyMaterialRow } from '../../../storage/schema/kms.ts'

/** How material came to a key. */
export type MaterialOrigin = 'INITIAL' | 'AUTOMATIC' | 'ON_DEMAND'

/** The secrets that keys encrypt with. They are in the clear nowhere but in this process's memory. */
export interface KeyMaterials {
  /** A new material as its row is to be stored. */
  create(keyId: string, origin: MaterialOrigin, now: number): KeyMaterialRow
  /** Undefined when the key has no such material. Throws when it was sealed under another master key. */
  load(keyId: string, materialId: string): Promise<Uint8Array | undefined>
}

const REMEMBERED = 1_000

const contextOf = (keyId: string, materialId: string): string => `kms/${keyId}/${materialId}`

export function createKeyMaterials(database: Database, masterKey: SealedBox): KeyMaterials {
  // Material never changes, and whether a key may be used is asked of its row each time; so none goes stale here.
  const remembered = new Map<string, Uint8Array>()
  return {
    create(keyId, origin, now) {
      const materialId = randomBytes(32).toString('hex')
      const sealed = masterKey.seal(randomBytes(32).toString('base64'), contextOf(keyId, materialId))
      return { material_id: materialId, key_id: keyId, sealed, origin, created_at: now }
    },

    async load(keyId, materialId) {
      const context = contextOf(keyId, materialId)
      const known = remembered.get(context)
      if (known !== undefined) return known
      const row = await database.query
        .selectFrom('kms_materials')
        .select('sealed')
        .where('material_id', '=', materialId)
        .where('key_id', '=', keyId)
        .executeTakeFirst()
      if (row === undefined) return undefined
      const text = masterKey.unseal(row.sealed, context)
      if (text === undefined) throw new Error(`the material of key ${keyId} was not sealed with this master key`)
      const material = new Uint8Array(Buffer.from(text, 'base64'))
      if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value as string)
      remembered.set(context, material)
      return material
    },
  }
}
