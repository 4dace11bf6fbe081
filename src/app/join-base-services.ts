import { ownRegistry, reachableHost } from '../config/registry-hosts.ts'
import type { EcrDeps } from '../services/ecr/ecr-deps.ts'
import { createEcrFacade } from '../services/ecr/ecr-facade.ts'
import type { EcrFacade } from '../services/ecr/facade.ts'
import { startSweeping as startSweepingLayers } from '../services/ecr/layers/sweep.ts'
import { startPruningDenials } from '../services/iam/denials/prune-denials.ts'
import type { IamFacade } from '../services/iam/facade.ts'
import { createIamFacade } from '../services/iam/iam-facade.ts'
import { createKmsDeps, type KmsDeps } from '../services/kms/kms-deps.ts'
import { createKmsFacade } from '../services/kms/kms-facade.ts'
import { startKms } from '../services/kms/start-kms.ts'
import { type Lambda, startLambda } from '../services/lambda/start-lambda.ts'
import { DEFAULT_LOGS_LIMITS } from '../services/logs/deps.ts'
import { startLogsMaintenance } from '../services/logs/event-retention.ts'
import type { LogsFacade } from '../services/logs/facade.ts'
import { createEventAppender } from '../services/logs/log-events/event-appender.ts'
import { createLogsFacade } from '../services/logs/logs-facade.ts'
import { createLogsService } from '../services/logs/service.ts'
import type { OperationTable } from '../services/operation.ts'
import type { S3Facade } from '../services/s3/facade.ts'
import { startSweeping } from '../services/s3/released-sweeper.ts'
import { createS3Deps, type S3Deps } from '../services/s3/s3-deps.ts'
import { createS3Facade } from '../services/s3/s3-facade.ts'
import { type Sns, startSns } from '../services/sns/start-sns.ts'
import { type Sqs, startSqs } from '../services/sqs/start-sqs.ts'
import type { Foundation } from './foundation.ts'
import type { Access } from './join-access.ts'

/** The services that know nothing of SageMaker, and on which it stands. */
export interface BaseServices {
  readonly iam: IamFacade
  readonly sqs: Sqs
  readonly sns: Sns
  readonly lambda: Lambda
  readonly logs: { readonly operations: OperationTable; readonly facade: LogsFacade }
  readonly kmsDeps: KmsDeps
  readonly s3Deps: S3Deps
  readonly s3: S3Facade
  readonly ecrDeps: EcrDeps
  readonly ecr: EcrFacade
}

/** Joins the services that SageMaker stands on, each to those that it needs itself, and registers their work. */
export async function joinBaseServices(foundation: Foundation, access: Access): Promise<BaseServices> {
  const { config, database, masterKey, watch, changeFeed, workQueue: queue, runtime, clock, log } = foundation
  const { iamDeps, authorizer, policies, buckets, topics } = access
  const box = masterKey
  const sqs = await startSqs({
    ...{ database, queue, changeFeed, watch, clock, log, authorizer, box },
    catalog: access.queues,
  })
  const appender = createEventAppender(database, clock, DEFAULT_LOGS_LIMITS)
  const logs = createLogsFacade({ database, clock, appender, authorizer, log })
  const iam = createIamFacade(iamDeps)
  const kmsDeps = createKmsDeps({ database, queue, clock, masterKey, authorizer, policies })
  startKms(kmsDeps)
  const s3Deps = createS3Deps({
    ...{ database, clock, masterKey, buckets, authorizer },
    blobs: foundation.objects,
    kms: createKmsFacade(kmsDeps),
    identities: iam,
  })
  const s3 = createS3Facade(s3Deps)
  const ecrDeps = {
    ...{ database, box, changeFeed, authorizer, clock },
    blobs: foundation.imageLayers,
    identities: iam,
  }
  const endpointUrl = config.publicUrl ?? `http://${reachableHost(config.host)}:${config.port}`
  const lambda = await startLambda({
    ...{ database, queue, box, s3, iam, authorizer, logs, clock, log, endpointUrl, runtime },
    feed: changeFeed,
    blobs: foundation.functionCode,
  })
  const sns = await startSns({
    ...{ database, queue, changeFeed, clock, log, authorizer, topics, endpointUrl, box },
    sqs: sqs.facade,
    lambda: lambda.facade,
    settings: config.sns,
  })
  await startLogsMaintenance({ database, queue, clock, limits: DEFAULT_LOGS_LIMITS })
  await startPruningDenials({ database, queue, clock })
  await startSweeping(s3Deps, queue)
  await startSweepingLayers(ecrDeps, queue)
  return {
    ...{ iam, sqs, sns, lambda, kmsDeps, s3Deps, s3, ecrDeps },
    logs: { operations: createLogsService({ database, queue, clock, log, appender }), facade: logs },
    ecr: createEcrFacade(ecrDeps, ownRegistry(config)),
  }
}
