import type { WorkQueue } from '../../control/work-queue.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database } from '../../storage/database.ts'
import type { Authorizer } from '../authorizer.ts'
import type { EcrFacade } from '../ecr/facade.ts'
import type { IamFacade } from '../iam/facade.ts'
import type { S3Facade } from '../s3/facade.ts'
import type { SnsFacade } from '../sns/facade.ts'

/** What the handlers of the sagemaker service work with. */
export interface SagemakerDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly workQueue: WorkQueue
  readonly authorizer: Authorizer
  readonly iam: IamFacade
  readonly s3: S3Facade
  readonly sns: Pick<SnsFacade, 'openTopic'>
  readonly ecr: Pick<EcrFacade, 'locate' | 'hasRepository' | 'labels'>
  /** Hosts (`name` or `name:port`, lower case) that the configuration lists under `registries`: the platform's own. */
  readonly registryHosts: ReadonlySet<string>
  /** How many instances of one type all endpoints of an account may want together in a region. */
  readonly endpointInstanceQuota: number
  /** Why the container engine cannot be used at this moment, as a sentence; undefined while it can, or there is to be none. */
  readonly engineProblem: () => string | undefined
}
