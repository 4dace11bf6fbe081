import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { SealedBox } from '../../shared/sealed-box.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database } from '../../storage/database.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Authorizer } from '../authorizer.ts'
import type { LambdaFacade } from '../lambda/facade.ts'
import type { SqsFacade } from '../sqs/facade.ts'
import type { Refusals } from './fan-out/refusals.ts'
import type { Sender } from './http/sender.ts'
import type { Signer } from './signing/signer.ts'
import type { SubscriptionCatalog } from './subscriptions/subscription-catalog.ts'
import type { TopicCatalog } from './topics/topic-catalog.ts'

/** What SNS's operations and its deliveries work with. */
export interface SnsDeps {
  readonly database: Database
  readonly queue: WorkQueue
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
  readonly log: Logger
  /** Seals tokens and the signing key. */
  readonly box: SealedBox
  readonly authorizer: Authorizer
  readonly sqs: SqsFacade
  readonly lambda: LambdaFacade
  readonly topics: TopicCatalog
  readonly subscriptions: SubscriptionCatalog
  /** What handing messages over to queues directly was refused. */
  readonly refusals: Refusals
  readonly signer: Signer
  readonly sender: Sender
  /** Scheme, host and port of the links in messages. */
  readonly endpointUrl: string
}
