import { randomUUID } from 'node:crypto'
import type { Database } from '../../../storage/database.ts'
import { PURGE_MILLISECONDS, purgeClaim, purgeHolder, RequestQueue } from './request-queue.ts'

const PURGED_AT_ONCE = 500

/**
 * Drops what waits in a queue at this moment, a little at a time; what an instance is working on stays, and what another purge has in
 * hand is left to that one. Nobody is notified. Calls `onProgress` with how many are gone, and resolves to that. `worker` is the index
 * that they are counted under.
 * @throws ClaimLost when the endpoint is deleted meanwhile, or when what was in hand was given back because it took too long
 */
export async function purgeQueue(
  database: Database,
  queueId: string,
  worker: number,
  onProgress: (purged: number) => void = () => {},
): Promise<number> {
  const { query } = database
  const queue = new RequestQueue(database, worker)
  const holder = purgeHolder(queueId)
  const newClaim = () => purgeClaim(Date.now(), randomUUID())
  // What a purge that was interrupted had in hand; a server's keeper does the same, but none need be running.
  await database.commit([queue.recoverPurged(queueId, Date.now() - PURGE_MILLISECONDS)])
  const last = await query
    .selectFrom('async_requests')
    .select('request_id')
    .where('queue_id', '=', queueId)
    .where('instance_id', 'is', null)
    .orderBy('request_id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last === undefined) return 0
  let purged = 0
  for (;;) {
    // Claimed first: between a look and a deletion an instance may take them. What has come since the purge began is not meant.
    const those = await queue.claimUpTo(queueId, holder, newClaim(), PURGED_AT_ONCE, last.request_id)
    await database.commit(those.flatMap((request) => queue.finish(request)))
    purged += those.length
    onProgress(purged)
    if (those.length < PURGED_AT_ONCE) return purged
  }
}
