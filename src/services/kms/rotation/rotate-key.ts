import type { WorkOutcome } from '../../../control/work-queue.ts'
import type { Statement } from '../../../storage/database.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { MaterialOrigin } from '../cryptography/key-materials.ts'
import { changedMeanwhile } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'
import { findKeyById } from '../keys/key-store.ts'
import type { KmsDeps } from '../kms-deps.ts'

/** Work: rotate the key that the item names, whenever it is due. */
export const KEY_ROTATION = 'kms-key-rotation'

export const YEAR_IN_DAYS = 365
export const DAY = 86_400_000

/** Has the queue look at the key when its next rotation is due; at once when none is planned, which ends the matter. */
export const enqueueRotation = (
  { queue, clock }: KmsDeps,
  key: Pick<KeyRow, 'key_id' | 'next_rotation_at'>,
): Statement =>
  queue.enqueue(KEY_ROTATION, key.key_id, {
    delayMilliseconds: Math.max(0, (key.next_rotation_at ?? 0) - clock.now()),
  })

/** Gives the key new material to encrypt with. What was encrypted before still decrypts, with the material it names. */
export function rotate(
  { database: { query }, materials }: KmsDeps,
  key: KeyRow,
  origin: MaterialOrigin,
  now: number,
  nextRotationAt: number | null,
): readonly Statement[] {
  const material = materials.create(key.key_id, origin, now)
  return [
    statement(
      query
        .updateTable('kms_keys')
        .set({ material_id: material.material_id, next_rotation_at: nextRotationAt })
        .where('key_id', '=', key.key_id)
        .where('material_id', '=', key.material_id)
        .where('state', '=', 'Enabled'),
      one(() => changedMeanwhile(keyArn(key))),
    ),
    statement(query.insertInto('kms_materials').values(material)),
  ]
}

/** A key that is disabled then, or waits for its deletion, is looked at again when it is enabled. */
export async function rotateDueKey(deps: KmsDeps, keyId: string): Promise<WorkOutcome> {
  const { database, clock } = deps
  const key = await findKeyById(database, keyId)
  if (key === undefined || key.rotation_days === null || key.next_rotation_at === null || key.state !== 'Enabled') {
    return { done: true }
  }
  const now = clock.now()
  if (key.next_rotation_at > now) return { done: false, againInMilliseconds: key.next_rotation_at - now }
  const period = key.rotation_days * DAY
  await database.commit(rotate(deps, key, 'AUTOMATIC', now, now + period))
  return { done: false, againInMilliseconds: period }
}
