import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { SealedBox } from '../../shared/sealed-box.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database } from '../../storage/database.ts'
import type { Authorizer } from '../authorizer.ts'
import type { QueueCatalog } from './queues/queue-catalog.ts'
import type { Arrivals } from './receiving/arrivals.ts'

/** What SQS's operations work with. */
export interface SqsDeps {
  readonly database: Database
  readonly queue: WorkQueue
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
  /** Seals messages, and receipt handles. */
  readonly box: SealedBox
  readonly authorizer: Authorizer
  readonly catalog: QueueCatalog
  readonly arrivals: Arrivals
}
