import { recurringWork } from '../../control/recurring-work.ts'
import type { LambdaDeps } from './deps.ts'
import { FUNCTION_CHANGED } from './functions/function-store.ts'
import { handleAsyncInvocations } from './invocations/async-invocations.ts'

/** Work, for ever again: remove zips that no function refers to. */
const SWEEP = 'lambda-code-sweep'
const SWEEP_EVERY = 60 * 60 * 1000
/** Longer than any request takes to commit what it has uploaded, and than a starting environment needs the zip. */
const ORPHAN_AGE = 60 * 60 * 1000

/** Registers the background work of this service and follows what other workers change. Returns what undoes the latter. */
export async function startLambdaMaintenance(deps: LambdaDeps): Promise<() => void> {
  const { database, queue, feed, blobs, clock, execution } = deps
  handleAsyncInvocations(deps)
  const sweep = (signal: AbortSignal) =>
    blobs.sweepOrphans({
      writtenBefore: clock.now() - ORPHAN_AGE,
      referenced: (ids) => referencedCode(deps, ids),
      signal,
    })
  await database.commit([recurringWork(queue, SWEEP, { everyMilliseconds: SWEEP_EVERY }, sweep)])
  return feed.subscribe(FUNCTION_CHANGED, (id) => execution.retire(id))
}

async function referencedCode({ database }: LambdaDeps, blobIds: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await database.query
    .selectFrom('lambda_functions')
    .select('code_blob')
    .where('code_blob', 'in', [...blobIds])
    .execute()
  return new Set(rows.map((row) => row.code_blob).filter((blob) => blob !== null))
}
