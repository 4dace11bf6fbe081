import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createPolicyCache } from './access/policy/policy-cache.ts'
import { rootPrincipal } from './access/principals.ts'
import { DATABASE_FILE } from './cli/installation.ts'
import { version } from './cli/version.ts'
import { readMetricsToken } from './config/metrics-token.ts'
import { ownRegistry, reachableHost, readCa, registryHosts } from './config/registry-hosts.ts'
import type { Config } from './config/schema.ts'
import { createWorkQueue } from './control/database-work-queue.ts'
import { DataPlane } from './dataplane/data-plane.ts'
import { InstanceHolds } from './dataplane/instance-holds.ts'
import { RouteTable } from './dataplane/route-table.ts'
import { ServingWorker } from './dataplane/serving-worker.ts'
import { trustingAuthenticator, verifyingAuthenticator } from './gateway/authenticate.ts'
import { BodyMemory } from './gateway/body-memory.ts'
import { InvocationFront } from './gateway/front/invocation-front.ts'
import { type GatewayParts, handleRequest } from './gateway/gateway.ts'
import { createHttpServer, drainHttpServer } from './gateway/http-server.ts'
import { createRegistryClient } from './registries/registry-client.ts'
import type { ContainerRuntime } from './runtime/container-runtime.ts'
import { AwaitedEngine, type FoundEngine } from './runtime/docker/awaited-engine.ts'
import { connectDocker } from './runtime/docker/connect-docker.ts'
import { createNoContainers } from './runtime/none/no-containers.ts'
import { createAutoscalingAuthorization } from './services/application-autoscaling/authorization.ts'
import type { AutoscalingDeps } from './services/application-autoscaling/autoscaling-deps.ts'
import { createAutoscalingDirectory } from './services/application-autoscaling/resource-directory.ts'
import { policyActions } from './services/application-autoscaling/scaling/policy-actions.ts'
import { startAutoscaling } from './services/application-autoscaling/start-autoscaling.ts'
import { cloudwatchAuthorization } from './services/cloudwatch/authorization.ts'
import { startCloudwatch } from './services/cloudwatch/start-cloudwatch.ts'
import { ecrAuthorization } from './services/ecr/authorization.ts'
import { createImageRegistry } from './services/ecr/distribution/answer-registry.ts'
import { createEcrFacade } from './services/ecr/ecr-facade.ts'
import { startSweeping as startSweepingLayers } from './services/ecr/layers/sweep.ts'
import { createEcrDirectory } from './services/ecr/resource-directory.ts'
import { createEcrService } from './services/ecr/service.ts'
import { createCredentialSource } from './services/iam/access-keys/credential-source.ts'
import { createAuthorizer } from './services/iam/authorization/create-authorizer.ts'
import { createIamResources } from './services/iam/authorization/iam-resources.ts'
import { IdentityPolicies } from './services/iam/authorization/identity-policies.ts'
import { createIamAuthorization } from './services/iam/authorization.ts'
import { bootstrapAccount } from './services/iam/bootstrap.ts'
import { createDenialRecorder } from './services/iam/denials/denial-recorder.ts'
import { startPruningDenials } from './services/iam/denials/prune-denials.ts'
import { createIamDirectory, createIamFacade } from './services/iam/iam-facade.ts'
import { DEFAULT_ACCOUNT } from './services/iam/root-credentials.ts'
import { createIamService } from './services/iam/service.ts'
import { kmsAuthorization } from './services/kms/authorization.ts'
import { createKmsDeps } from './services/kms/kms-deps.ts'
import { createKmsFacade } from './services/kms/kms-facade.ts'
import { createKmsService } from './services/kms/service.ts'
import { startKms } from './services/kms/start-kms.ts'
import { lambdaAuthorization } from './services/lambda/authorization.ts'
import { createLambdaDirectory } from './services/lambda/resource-directory.ts'
import { startLambda } from './services/lambda/start-lambda.ts'
import { logsAuthorization } from './services/logs/authorization.ts'
import { DEFAULT_LOGS_LIMITS } from './services/logs/deps.ts'
import { startLogsMaintenance } from './services/logs/event-retention.ts'
import { createEventAppender } from './services/logs/log-events/event-appender.ts'
import { createLogsFacade } from './services/logs/logs-facade.ts'
import { createLogsDirectory } from './services/logs/resource-directory.ts'
import { createLogsService } from './services/logs/service.ts'
import { checkTables, createServices } from './services/registry.ts'
import { createBucketCatalog } from './services/s3/access/bucket-catalog.ts'
import { createS3Directory } from './services/s3/access/s3-directory.ts'
import { s3Authorization } from './services/s3/authorization.ts'
import { startSweeping } from './services/s3/released-sweeper.ts'
import { createS3Deps } from './services/s3/s3-deps.ts'
import { createS3Facade } from './services/s3/s3-facade.ts'
import { createS3Service } from './services/s3/service.ts'
import { sagemakerAuthorization } from './services/sagemaker/authorization.ts'
import { startHosting } from './services/sagemaker/hosting/start-hosting.ts'
import { stopAllContainers } from './services/sagemaker/hosting/stop-all-containers.ts'
import { createSagemakerDirectory } from './services/sagemaker/resource-directory.ts'
import { createSagemakerFacade } from './services/sagemaker/sagemaker-facade.ts'
import { createSagemakerService } from './services/sagemaker/service.ts'
import { InstanceRings } from './services/sagemaker-runtime/async-inference/instance-rings.ts'
import { acceptDeps } from './services/sagemaker-runtime/async-inference/invoke-endpoint-async.ts'
import { RequestQueue } from './services/sagemaker-runtime/async-inference/request-queue.ts'
import { startAsyncInference } from './services/sagemaker-runtime/async-inference/start-async-inference.ts'
import { sagemakerRuntimeAuthorization } from './services/sagemaker-runtime/authorization.ts'
import { meteredRoutes } from './services/sagemaker-runtime/endpoint-meters.ts'
import { createSessionAffinity } from './services/sagemaker-runtime/session-affinity.ts'
import { snsAuthorization } from './services/sns/authorization.ts'
import { createSnsDirectory } from './services/sns/resource-directory.ts'
import { startSns } from './services/sns/start-sns.ts'
import { TopicCatalog } from './services/sns/topics/topic-catalog.ts'
import { sqsAuthorization } from './services/sqs/authorization.ts'
import { QueueCatalog } from './services/sqs/queues/queue-catalog.ts'
import { createSqsDirectory } from './services/sqs/resource-directory.ts'
import { startSqs } from './services/sqs/start-sqs.ts'
import { stsAuthorization } from './services/sts/authorization.ts'
import { createStsService } from './services/sts/service.ts'
import { systemClock } from './shared/clock.ts'
import { StartError } from './shared/start-error.ts'
import { openFileBlobStore } from './storage/blobs/files/file-blob-store.ts'
import { watchCommits } from './storage/commit-watch.ts'
import { StorageFullError, StorageUnavailableError } from './storage/errors.ts'
import { installationId } from './storage/installation-id.ts'
import { openMasterKey } from './storage/master-key.ts'
import { openSqliteDatabase } from './storage/sqlite/sqlite-database.ts'
import { startTableChangeFeed } from './storage/table-change-feed.ts'
import { AccessLog } from './telemetry/access-log.ts'
import type { Logger } from './telemetry/log.ts'

/** How many instances of one type all endpoints of an account may want together in a region. */
const ENDPOINT_INSTANCE_QUOTA = 1_000

/** One running worker. */
export interface App {
  readonly port: number
  readonly runtime: string
  /** Undefined with `--runtime none`. */
  readonly engine: AwaitedEngine | undefined
  /** Finishes what is running, gives leased work back, closes everything. Containers stay. */
  drain(): Promise<void>
}

/**
 * Builds a worker and joins its parts: the only place where the services, the engine and the database meet.
 * @throws StartError with a sentence for the user
 */
export async function startApp(config: Config, options: AppOptions): Promise<App> {
  try {
    return await buildApp(config, options)
  } catch (error) {
    throw startError(error)
  }
}

interface AppOptions {
  readonly index: number
  readonly log: Logger
  /** What an earlier worker has found, for one that takes its place. */
  readonly engine?: FoundEngine | undefined
}

async function buildApp(config: Config, { index, log, engine: given }: AppOptions): Promise<App> {
  const clock = systemClock
  const { dataDir } = config
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const installation = await installationId(dataDir)
  const { tokenFile } = config.metrics
  const metricsToken = tokenFile === undefined ? undefined : readMetricsToken(tokenFile)
  const engine = config.runtime === 'none' ? undefined : new AwaitedEngine({ log, installation, found: given })
  await engine?.begin()
  const runtime: ContainerRuntime = engine?.runtime ?? createNoContainers()
  const [database, masterKey, objects, functionCode, imageLayers] = await Promise.all([
    openDatabase(dataDir, log),
    openMasterKey(dataDir),
    openFileBlobStore(join(dataDir, 'objects')),
    openFileBlobStore(join(dataDir, 'functions')),
    openFileBlobStore(join(dataDir, 'images')),
  ])

  await bootstrapAccount(database, masterKey, clock.now())

  const watch = watchCommits(database, log)
  const changeFeed = await startTableChangeFeed({ db: database, watch, clock, log })
  const workQueue = createWorkQueue({ db: database, watch, clock, log })
  const iamDeps = { database, masterKey, changeFeed, clock }
  const credentials = createCredentialSource(iamDeps)

  const policies = createPolicyCache()
  const buckets = createBucketCatalog({ database, changeFeed, policies })
  const queues = new QueueCatalog(database, changeFeed)
  const topics = new TopicCatalog(database, changeFeed)
  const authorizer = createAuthorizer({
    identities: new IdentityPolicies({ database, changeFeed, policies }),
    directories: {
      iam: createIamResources(iamDeps),
      s3: createS3Directory({ database, buckets }),
      sagemaker: createSagemakerDirectory({ database, changeFeed, policies }),
      ecr: createEcrDirectory({ database, changeFeed, policies }),
      lambda: createLambdaDirectory({ database, changeFeed, policies }),
      logs: createLogsDirectory({ database }),
      sqs: createSqsDirectory(queues, policies),
      sns: createSnsDirectory(topics, policies),
      'application-autoscaling': createAutoscalingDirectory({ database }),
    },
    denials: createDenialRecorder({ database, masterKey, clock, log }),
    clock,
  })

  const sqs = await startSqs({
    ...{ database, queue: workQueue, changeFeed, watch, clock, log, authorizer },
    box: masterKey,
    catalog: queues,
  })
  const appender = createEventAppender(database, clock, DEFAULT_LOGS_LIMITS)
  const logs = createLogsFacade({ database, clock, appender, authorizer, log })
  const iam = createIamFacade(iamDeps)
  const kmsDeps = createKmsDeps({ database, queue: workQueue, clock, masterKey, authorizer, policies })
  startKms(kmsDeps)
  const kms = createKmsFacade(kmsDeps)
  const s3Deps = createS3Deps({ database, blobs: objects, clock, masterKey, kms, buckets, authorizer, identities: iam })
  const s3 = createS3Facade(s3Deps)
  const endpointUrl = config.publicUrl ?? `http://${reachableHost(config.host)}:${config.port}`
  const ecrDeps = { database, blobs: imageLayers, box: masterKey, changeFeed, authorizer, identities: iam, clock }
  const ecr = createEcrFacade(ecrDeps, ownRegistry(config))
  const lambda = await startLambda({
    database,
    queue: workQueue,
    feed: changeFeed,
    blobs: functionCode,
    box: masterKey,
    s3,
    iam,
    authorizer,
    logs,
    clock,
    log,
    endpointUrl,
    runtime,
  })
  const sns = await startSns({
    ...{ database, queue: workQueue, changeFeed, clock, log, authorizer, topics, endpointUrl },
    box: masterKey,
    sqs: sqs.facade,
    lambda: lambda.facade,
    settings: config.sns,
  })
  const cloudwatch = await startCloudwatch({
    ...{ database, queue: workQueue, clock, log },
    settings: config.metrics,
    actions: [sns.alarmActions, policyActions(() => autoscalingDeps)],
  })
  const autoscalingDeps: AutoscalingDeps = {
    ...{ database, queue: workQueue, clock, cloudwatch: cloudwatch.facade },
    sagemaker: createSagemakerFacade({
      ...{ database, changeFeed, workQueue, clock },
      endpointInstanceQuota: ENDPOINT_INSTANCE_QUOTA,
    }),
    alarmSeconds: config.metrics.anyAlarmPeriod ? config.metrics.resolutionSeconds : 60,
  }
  const autoscaling = await startAutoscaling(autoscalingDeps)
  const hosting = await startHosting({
    database,
    changeFeed,
    workQueue,
    clock,
    log,
    runtime,
    engine: engine && (() => engine.found?.description),
    installation,
    registries: createRegistryClient({
      hosts: registryHosts(config),
      ...(config.caFile !== undefined && { extraCa: readCa(config.caFile) }),
    }),
    platformRegistries: config.registries,
    iam,
    lambda: lambda.facade,
    ecr,
    authorizer,
    logs,
    s3,
    cloudwatch: cloudwatch.facade,
    sampleSeconds: config.metrics.resolutionSeconds,
    modelDirectory: join(dataDir, 'models'),
    limits: config.limits,
    containers: config.containers,
  })

  const services = createServices({
    sagemaker: {
      operations: createSagemakerService({
        database,
        changeFeed,
        workQueue,
        authorizer,
        iam,
        s3,
        sns: sns.facade,
        ecr,
        registryHosts: new Set(Object.keys(config.registries).map((host) => host.toLowerCase())),
        endpointInstanceQuota: ENDPOINT_INSTANCE_QUOTA,
        engineProblem: () => engine?.problem,
      }),
      authorization: sagemakerAuthorization,
    },
    'sagemaker-runtime': { operations: {}, authorization: sagemakerRuntimeAuthorization },
    s3: { operations: createS3Service(s3Deps), authorization: s3Authorization },
    lambda: { operations: lambda.operations, authorization: lambdaAuthorization },
    iam: { operations: createIamService(iamDeps), authorization: createIamAuthorization(iamDeps) },
    sts: {
      operations: createStsService({ masterKey, iam: createIamDirectory(iamDeps), authorizer }),
      authorization: stsAuthorization,
    },
    logs: {
      operations: createLogsService({ database, queue: workQueue, clock, log, appender }),
      authorization: logsAuthorization,
    },
    kms: { operations: createKmsService(kmsDeps), authorization: kmsAuthorization },
    ecr: { operations: createEcrService(ecrDeps), authorization: ecrAuthorization },
    'application-autoscaling': { operations: autoscaling, authorization: createAutoscalingAuthorization(database) },
    cloudwatch: { operations: cloudwatch.operations, authorization: cloudwatchAuthorization },
    sns: { operations: sns.operations, authorization: snsAuthorization },
    sqs: { operations: sqs.operations, authorization: sqsAuthorization },
  })
  checkTables(services)
  await startLogsMaintenance({ database, queue: workQueue, clock, limits: DEFAULT_LOGS_LIMITS })
  await startPruningDenials({ database, queue: workQueue, clock })
  await startSweeping(s3Deps, workQueue)
  await startSweepingLayers(ecrDeps, workQueue)

  const now = () => clock.now()
  const serves = () => routes.serves
  const serving = new ServingWorker({ database, now, slot: String(index), serves, log })
  await serving.start()
  const holds = new InstanceHolds({ database, changeFeed, worker: serving.id, now, log })
  const dataPlane = new DataPlane((instance) => hosting.lookAfter(instance.id), holds)
  const asyncBells = new InstanceRings()
  const routes = new RouteTable(serving.loader(meteredRoutes(hosting.loadRoute, cloudwatch.facade)), (instance) => {
    dataPlane.retire(instance)
    asyncBells.ringAll()
  })
  changeFeed.subscribe('endpoints', (key) => routes.refresh(key))
  hosting.onDrain((instance, route) => {
    if (serving.isKnown) void routes.caughtUp(route).then(() => holds.letGo(instance))
  })
  const asyncQueue = new RequestQueue(database, index, (queueId) => asyncBells.ring(queueId))
  const stopAsync = startAsyncInference({
    ...{ database, watch, clock, log, routes, dataPlane, iam, s3, logs, workQueue },
    box: masterKey,
    queue: asyncQueue,
    bells: asyncBells,
    sns: sns.facade,
    cloudwatch: cloudwatch.facade,
    sampleSeconds: config.metrics.resolutionSeconds,
  })
  const accept = acceptDeps({ routes, queue: asyncQueue, box: masterKey }, () => clock.now())
  const accessLog = config.accessLog === undefined ? undefined : await openAccessLog(config.accessLog, log)
  let ready = false
  const parts: GatewayParts = {
    services,
    authenticator:
      config.auth === 'trust'
        ? trustingAuthenticator(credentials, rootPrincipal(DEFAULT_ACCOUNT), config.region)
        : verifyingAuthenticator(credentials, config.region),
    authorizer,
    runtime: {
      ...{ routes, dataPlane, accept },
      sessions: createSessionAffinity(database, () => clock.now()),
      limits: config.limits,
    },
    imageRegistry: createImageRegistry({ ...ecrDeps, trusting: config.auth === 'trust', log }),
    bodyMemory: new BodyMemory(config.limits.invocationMemoryBytes),
    bodyPace: config.limits,
    certificates: sns.certificateAt,
    metrics: { text: () => cloudwatch.facade.prometheus(), token: metricsToken },
    health: () => ({
      ...{ ready, version, workers: config.workers, runtime: runtime.name },
      engine: engine && (engine.problem === undefined ? 'ok' : 'away'),
    }),
    clock,
    publicUrl: config.publicUrl,
    s3Domains: config.s3Domains,
    log,
    accessLog,
  }
  const server = createHttpServer((request, response) => void handleRequest(parts, request, response))
  const front = new InvocationFront(server, parts)
  await listen(server, config)
  workQueue.start()
  ready = true

  return {
    port: config.port,
    runtime: runtime.name,
    engine,
    async drain() {
      ready = false
      hosting.stop()
      sqs.endWaiting()
      await Promise.all([drainHttpServer(server, front), workQueue.stop()])
      stopAsync()
      await accessLog?.close()
      dataPlane.close()
      await serving.stop()
      await cloudwatch.stop()
      await lambda.stop()
      sns.stop()
      await runtime.close()
      watch.stop()
      await database.close()
    },
  }
}

/** Removes every model container of this data directory, and their networks, while no worker runs. */
export async function removeModelContainers({ dataDir }: Config, log: Logger): Promise<void> {
  const signal = AbortSignal.timeout(10_000)
  const installation = await installationId(dataDir)
  const [database, runtime] = await Promise.all([
    openDatabase(dataDir, log),
    connectDocker({ log, signal, installation }),
  ])
  try {
    const count = await stopAllContainers({ runtime, database, installation })
    await runtime.removeNetworks(AbortSignal.timeout(10_000))
    if (count > 0) log.info({ count }, 'model containers removed')
  } finally {
    await Promise.all([runtime.close(), database.close()])
  }
}

async function openDatabase(dataDir: string, log: Logger) {
  try {
    return await openSqliteDatabase({ file: join(dataDir, DATABASE_FILE), log })
  } catch (error) {
    throw startError(error)
  }
}

/** What the user can do something about as a StartError; anything else is a bug and stays what it is. */
function startError(error: unknown): unknown {
  if (error instanceof StorageFullError) return new StartError(`${error.message}; free some space and start again`)
  return error instanceof StorageUnavailableError ? new StartError(error.message) : error
}

async function openAccessLog(path: string, log: Logger): Promise<AccessLog> {
  try {
    return await AccessLog.open(path, log)
  } catch (error) {
    throw new StartError(`cannot open the access log ${path} (${(error as Error).message}); correct accessLog`)
  }
}

function listen(server: ReturnType<typeof createHttpServer>, { host, port }: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(`cannot listen on ${host}:${port} (${error.code ?? error.message})`)),
    )
    server.listen({ host, port }, resolve)
  })
}
