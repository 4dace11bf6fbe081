import { recurringWork } from '../../../control/recurring-work.ts'
import type { WorkQueue } from '../../../control/work-queue.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Database } from '../../../storage/database.ts'
import { pruneDenials } from './denial-store.ts'

/** Work, for ever again: drop refusals that are too old or too many. */
const PRUNE = 'access-denials-prune'
const PRUNE_EVERY = 10 * 60_000

interface PruningDeps {
  readonly database: Database
  readonly queue: WorkQueue
  readonly clock: Clock
}

/** Registers the work, and makes sure that it is due. */
export async function startPruningDenials({ database, queue, clock }: PruningDeps): Promise<void> {
  const prune = () => database.commit(pruneDenials(database, clock.now()))
  await database.commit([recurringWork(queue, PRUNE, { everyMilliseconds: PRUNE_EVERY }, prune)])
}
