import { recurringWork } from '../../control/recurring-work.ts'
import { statement } from '../../storage/statement.ts'
import type { SnsDeps } from './sns-deps.ts'

/** Work, for ever again: forget subscriptions that nobody has confirmed, or brought back, in time. */
const MAINTENANCE = 'sns-maintenance'
const EVERY = 60 * 60_000
/** As long as a token is good, and a little longer. */
const KEPT = 3 * 24 * 60 * 60_000

/** Registers the work and enqueues it. */
export async function startMaintenance(deps: Pick<SnsDeps, 'database' | 'queue' | 'clock'>): Promise<void> {
  const { database, queue, clock } = deps
  const forget = () => forgetUnconfirmed(deps, clock.now())
  await database.commit([recurringWork(queue, MAINTENANCE, { everyMilliseconds: EVERY }, forget)])
}

async function forgetUnconfirmed({ database }: Pick<SnsDeps, 'database'>, now: number): Promise<void> {
  await database.commit([
    statement(
      database.query
        .deleteFrom('sns_subscriptions')
        .where('state', 'in', ['pending', 'deleted'])
        .where('changed_at', '<', now - KEPT),
    ),
  ])
}
