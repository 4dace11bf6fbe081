import { recurringWork } from '../../../control/recurring-work.ts'
import type { WorkQueue } from '../../../control/work-queue.ts'
import { none, statement } from '../../../storage/statement.ts'
import type { EcrDeps } from '../ecr-deps.ts'
import { IDLE_MILLISECONDS, releaseLayer } from './layer-store.ts'
import { removePartBlobs } from './upload-store.ts'

const INTERVAL = 10 * 60_000
/** How long the bytes that nobody holds stay for a reader who has found but not yet opened them. */
const GRACE = 10 * 60_000
/** How old a blob without a row must be: an upload may take long between its first byte and its row. */
const ORPHAN_AGE = 24 * 60 * 60_000
const BATCH = 100

const SWEEP = 'ecr-sweep'
const ORPHANS = 'ecr-orphans'

/** Has every worker take its turn at removing what was never finished, and the bytes that no repository holds. */
export async function startSweeping(deps: EcrDeps, queue: WorkQueue): Promise<void> {
  const soon = { everyMilliseconds: INTERVAL }
  const seldom = { everyMilliseconds: ORPHAN_AGE, firstMilliseconds: INTERVAL }
  await deps.database.commit([
    recurringWork(queue, SWEEP, soon, (signal) => sweep(deps, signal)),
    recurringWork(queue, ORPHANS, seldom, (signal) => sweepOrphans(deps, signal)),
  ])
}

/** One round: uploads that stand still, layers that no image uses, bytes that no repository holds. */
export async function sweep(deps: EcrDeps, signal: AbortSignal): Promise<void> {
  await expireUploads(deps, signal)
  await dropIdleLayers(deps, signal)
  await freeReleased(deps, signal)
}

/** Something has happened to the row since it was looked at. */
class Reused extends Error {
  override name = 'Reused'
}

async function expireUploads(deps: EcrDeps, signal: AbortSignal): Promise<void> {
  const { query } = deps.database
  const idle = query
    .selectFrom('ecr_uploads')
    .select('id')
    .where('touched_at', '<', deps.clock.now() - IDLE_MILLISECONDS)
    .limit(BATCH)
  for (;;) {
    signal.throwIfAborted()
    const uploads = (await idle.execute()).map((row) => row.id)
    if (uploads.length === 0) return
    const [parts] = await deps.database.commit([
      statement(query.deleteFrom('ecr_upload_parts').where('upload_id', 'in', uploads).returning('blob_id')),
      statement(query.deleteFrom('ecr_uploads').where('id', 'in', uploads)),
    ])
    await removePartBlobs(
      deps,
      (parts?.rows ?? []).map((row) => String(row.blob_id)),
    )
  }
}

async function dropIdleLayers(deps: EcrDeps, signal: AbortSignal): Promise<void> {
  const { query } = deps.database
  const now = deps.clock.now()
  const before = now - IDLE_MILLISECONDS
  const unused = query
    .selectFrom('ecr_layers as layer')
    .select(['layer.repository_id', 'layer.digest'])
    .where('layer.touched_at', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('ecr_image_parts as part')
            .select('part.part_digest')
            .whereRef('part.repository_id', '=', 'layer.repository_id')
            .whereRef('part.part_digest', '=', 'layer.digest')
            .where('part.kind', '=', 'layer'),
        ),
      ),
    )
    .limit(BATCH)
  for (;;) {
    const layers = await unused.execute()
    for (const { repository_id, digest } of layers) {
      signal.throwIfAborted()
      const [release, letGo] = releaseLayer(deps.database, repository_id, digest, now)
      const used = query
        .selectFrom('ecr_image_parts')
        .select('part_digest')
        .where('repository_id', '=', repository_id)
        .where('part_digest', '=', digest)
        .where('kind', '=', 'layer')
        .limit(1)
      const touched = query
        .selectFrom('ecr_layers')
        .select('digest')
        .where('repository_id', '=', repository_id)
        .where('digest', '=', digest)
        .where('touched_at', '>=', before)
      await passOverReused(
        deps.database.commit([
          statement(
            used,
            none(() => new Reused()),
          ),
          statement(
            touched,
            none(() => new Reused()),
          ),
          release,
          letGo,
        ]),
      )
    }
    if (layers.length < BATCH) return
  }
}

async function freeReleased(deps: EcrDeps, signal: AbortSignal): Promise<void> {
  const { query } = deps.database
  for (;;) {
    const released = await query
      .selectFrom('ecr_blobs')
      .select(['digest', 'blob_id'])
      .where('released_at', '<', deps.clock.now() - GRACE)
      .orderBy('released_at')
      .limit(BATCH)
      .execute()
    for (const { digest, blob_id } of released) {
      signal.throwIfAborted()
      const holders = query.selectFrom('ecr_layers').select('digest').where('ecr_layers.digest', '=', digest)
      const [freed] = await deps.database.commit([
        statement(
          query
            .deleteFrom('ecr_blobs')
            .where('digest', '=', digest)
            .where('blob_id', '=', blob_id)
            .where(({ not, exists }) => not(exists(holders))),
        ),
        // Still there: another repository holds it.
        statement(query.updateTable('ecr_blobs').set({ released_at: null }).where('digest', '=', digest)),
      ])
      if (freed?.affected === 1) await deps.blobs.remove(blob_id)
    }
    if (released.length < BATCH) return
  }
}

/** Removes blobs that were written and never referred to: their writer died in between. */
export const sweepOrphans = (deps: EcrDeps, signal: AbortSignal): Promise<number> =>
  deps.blobs.sweepOrphans({
    writtenBefore: deps.clock.now() - ORPHAN_AGE,
    referenced: async (blobIds) => {
      const { query } = deps.database
      const [blobs, parts] = await Promise.all([
        query.selectFrom('ecr_blobs').select('blob_id').where('blob_id', 'in', blobIds).execute(),
        query.selectFrom('ecr_upload_parts').select('blob_id').where('blob_id', 'in', blobIds).execute(),
      ])
      return new Set([...blobs, ...parts].map((row) => row.blob_id))
    },
    signal,
  })

async function passOverReused(commit: Promise<unknown>): Promise<void> {
  try {
    await commit
  } catch (error) {
    if (!(error instanceof Reused)) throw error
  }
}
