import { recurringWork } from '../../control/recurring-work.ts'
import type { WorkQueue } from '../../control/work-queue.ts'
import { one, statement } from '../../storage/statement.ts'
import type { S3Deps } from './s3-deps.ts'

/** How long the bytes of what was deleted or replaced stay for the readers that are at them. */
const GRACE = 30 * 60_000
/** How often released bytes are looked for. */
const INTERVAL = 5 * 60_000
/** How old a blob without an owner must be: an upload may take long between its first byte and its row. */
const ORPHAN_AGE = 24 * 60 * 60_000
const BATCH = 100

const RELEASED = 's3-released'
const ORPHANS = 's3-orphans'

/** Has every worker take its turn at freeing the bytes that nothing refers to any more. */
export async function startSweeping(deps: S3Deps, queue: WorkQueue): Promise<void> {
  const soon = { everyMilliseconds: INTERVAL }
  const seldom = { everyMilliseconds: ORPHAN_AGE, firstMilliseconds: INTERVAL }
  await deps.database.commit([
    recurringWork(queue, RELEASED, soon, (signal) => sweepReleased(deps, signal)),
    recurringWork(queue, ORPHANS, seldom, (signal) => sweepOrphans(deps, signal)),
  ])
}

/** Frees what was released before the grace began. Returns how many files were removed. */
export async function sweepReleased(deps: S3Deps, signal: AbortSignal, grace = GRACE): Promise<number> {
  let removed = 0
  for (;;) {
    const before = deps.clock.now() - grace
    const released = await deps.database.query
      .selectFrom('s3_released')
      .select('owner_id')
      .where('released_at', '<', before)
      .orderBy('released_at')
      .limit(BATCH)
      .execute()
    if (released.length === 0) return removed
    signal.throwIfAborted()
    removed += await sweepOwners(
      deps,
      released.map((row) => row.owner_id),
      before,
    )
    if (released.length < BATCH) return removed
  }
}

/** A reader has asked for more time since the owner was looked at. */
class StillRead extends Error {
  override name = 'StillRead'
}

/** Takes the slices of released owners away, bytes that lie in them included, and then the files that no other owner shares. */
async function sweepOwners(deps: S3Deps, ownerIds: readonly string[], before: number): Promise<number> {
  const inFiles = await deps.database.query
    .selectFrom('s3_slices')
    .select(['owner_id', 'blob_id'])
    .where('owner_id', 'in', ownerIds)
    .where('content', 'is', null)
    .execute()
  const freed = new Set<string>()
  // Units of their own, so that one owner that is still read does not hold up the others; they share a commit.
  await Promise.all(ownerIds.map(async (id) => (await forgetOwner(deps, id, before)) && freed.add(id)))
  // New references are made from living objects only, so a blob that nobody refers to now stays that way.
  const unshared = inFiles.filter(({ owner_id, blob_id }) => freed.has(owner_id) && blob_id !== '')
  const candidates = [...new Set(unshared.map(({ blob_id }) => blob_id))]
  let removed = 0
  for (let at = 0; at < candidates.length; at += BATCH) {
    const some = candidates.slice(at, at + BATCH)
    const shared = await referencedBlobs(deps, some)
    for (const blobId of some.filter((candidate) => !shared.has(candidate))) {
      await deps.blobs.remove(blobId)
      removed++
    }
  }
  return removed
}

/** Whether the owner's slices are gone. */
async function forgetOwner(deps: S3Deps, ownerId: string, before: number): Promise<boolean> {
  const { query } = deps.database
  try {
    await deps.database.commit([
      statement(
        query.deleteFrom('s3_released').where('owner_id', '=', ownerId).where('released_at', '<', before),
        one(() => new StillRead()),
      ),
      statement(query.deleteFrom('s3_slices').where('owner_id', '=', ownerId)),
    ])
    return true
  } catch (error) {
    if (error instanceof StillRead) return false
    throw error
  }
}

/** Removes blobs that were written and never referred to: their writer died in between. */
const sweepOrphans = (deps: S3Deps, signal: AbortSignal): Promise<number> =>
  deps.blobs.sweepOrphans({
    writtenBefore: deps.clock.now() - ORPHAN_AGE,
    referenced: (blobIds) => referencedBlobs(deps, blobIds),
    signal,
  })

async function referencedBlobs(deps: S3Deps, blobIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await deps.database.query
    .selectFrom('s3_slices')
    .select('blob_id')
    .distinct()
    .where('blob_id', 'in', blobIds)
    .execute()
  return new Set(rows.map((row) => row.blob_id))
}
