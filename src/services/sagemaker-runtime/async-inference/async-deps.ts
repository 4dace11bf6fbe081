import type { Principal } from '../../../access/principal.ts'
import type { DataPlane } from '../../../dataplane/data-plane.ts'
import type { Route, VariantRoute } from '../../../dataplane/route.ts'
import type { RouteTable } from '../../../dataplane/route-table.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { CommitWatch } from '../../../storage/commit-watch.ts'
import type { Database } from '../../../storage/database.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { CloudwatchFacade } from '../../cloudwatch/facade.ts'
import type { IamFacade } from '../../iam/facade.ts'
import type { LogsFacade } from '../../logs/facade.ts'
import type { S3Facade } from '../../s3/facade.ts'
import type { SnsFacade } from '../../sns/facade.ts'
import type { JointEnds } from './joint-ends.ts'
import type { RequestQueue } from './request-queue.ts'

/** What asynchronous inference works with. */
export interface AsyncDeps {
  readonly database: Database
  readonly watch: CommitWatch
  readonly clock: Clock
  readonly log: Logger
  readonly box: SealedBox
  readonly queue: RequestQueue
  readonly ends: JointEnds
  readonly routes: RouteTable
  readonly dataPlane: DataPlane
  readonly iam: IamFacade
  readonly s3: S3Facade
  readonly sns: SnsFacade
  readonly logs: LogsFacade
  readonly cloudwatch: CloudwatchFacade
  /** How often what is known of the queues is counted, in seconds. */
  readonly sampleSeconds: number
}

/** Whose requests are being worked on, and as whom. */
export interface Workplace {
  readonly route: Route
  /** Reduced to the one instance. */
  readonly variant: VariantRoute
  readonly instanceId: string
  /** The model's execution role. @throws RequestFailure when the service may not take it */
  readonly principal: () => Promise<Principal>
}
