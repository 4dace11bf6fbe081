import type { WorkQueue } from '../../control/work-queue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { SealedBox } from '../../shared/sealed-box.ts'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database } from '../../storage/database.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { Authorizer } from '../authorizer.ts'
import type { IamFacade } from '../iam/facade.ts'
import type { S3Facade } from '../s3/facade.ts'
import type { FunctionExecution } from './execution/function-execution.ts'

/** What the operations of Lambda work with. */
export interface LambdaDeps {
  readonly database: Database
  readonly queue: WorkQueue
  readonly feed: ChangeFeed
  /** Lambda's own: what no function refers to is removed from it. */
  readonly blobs: BlobStore
  /** Encrypts environment variables and waiting events at rest. */
  readonly box: SealedBox
  readonly s3: S3Facade
  readonly iam: IamFacade
  readonly authorizer: Authorizer
  readonly clock: Clock
  readonly log: Logger
  readonly execution: FunctionExecution
  readonly limits: LambdaLimits
}

export interface LambdaLimits {
  /** Of a zip in a request; one from S3 may be as large as `unzippedBytes`. */
  readonly zippedBytes: number
  readonly unzippedBytes: number
  readonly zipEntries: number
  /** Execution environments of one worker, and of one function in it. */
  readonly environments: number
  readonly environmentsPerFunction: number
  /** After so many milliseconds without an invocation an environment ends. */
  readonly idleMilliseconds: number
  /** Waits between the attempts at an asynchronous invocation, milliseconds; one retry each. */
  readonly retryDelays: readonly number[]
}

const MIB = 1024 * 1024

export const DEFAULT_LAMBDA_LIMITS: LambdaLimits = {
  zippedBytes: 50 * MIB,
  unzippedBytes: 250 * MIB,
  zipEntries: 50_000,
  environments: 32,
  environmentsPerFunction: 16,
  idleMilliseconds: 5 * 60_000,
  retryDelays: [60_000, 120_000],
}
