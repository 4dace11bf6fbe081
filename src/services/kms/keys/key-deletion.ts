import type { WorkOutcome } from '../../../control/work-queue.ts'
import type { Statement } from '../../../storage/database.ts'
import { one, statement } from '../../../storage/statement.ts'
import { changedMeanwhile } from '../errors.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { keyArn } from './key-reference.ts'
import { findKeyById } from './key-store.ts'

/** Work: delete the key that the item names, once it is due. */
export const KEY_DELETION = 'kms-key-deletion'

export const enqueueDeletion = ({ queue, clock }: KmsDeps, keyId: string, deletionAt: number): Statement =>
  queue.enqueue(KEY_DELETION, keyId, { delayMilliseconds: Math.max(0, deletionAt - clock.now()) })

/** Deletes the key, its material, aliases and grants in one unit, unless the deletion was called off or put back. */
export async function deleteDueKey({ database, clock }: KmsDeps, keyId: string): Promise<WorkOutcome> {
  const key = await findKeyById(database, keyId)
  if (key === undefined || key.deletion_at === null) return { done: true }
  const wait = key.deletion_at - clock.now()
  if (wait > 0) return { done: false, againInMilliseconds: wait }
  const { query } = database
  await database.commit([
    statement(
      query
        .deleteFrom('kms_keys')
        .where('key_id', '=', keyId)
        .where('state', '=', 'PendingDeletion')
        .where('deletion_at', '=', key.deletion_at),
      one(() => changedMeanwhile(keyArn(key))),
    ),
    statement(query.deleteFrom('kms_materials').where('key_id', '=', keyId)),
    statement(query.deleteFrom('kms_aliases').where('key_id', '=', keyId)),
    statement(query.deleteFrom('kms_grants').where('key_id', '=', keyId)),
  ])
  return { done: true }
}
