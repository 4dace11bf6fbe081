import type { WorkHandler, WorkQueue } from '../../../control/work-queue.ts'
import type { RouteLoader } from '../../../dataplane/route-table.ts'
import type { RegistryClient } from '../../../registries/registry-client.ts'
import type { ContainerRuntime, EngineDescription } from '../../../runtime/container-runtime.ts'
import type { Clock } from '../../../shared/clock.ts'
import { type ChangeFeed, EVERYTHING } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { Authorizer } from '../../authorizer.ts'
import type { CloudwatchFacade } from '../../cloudwatch/facade.ts'
import type { EcrFacade } from '../../ecr/facade.ts'
import type { IamFacade } from '../../iam/facade.ts'
import type { LambdaFacade } from '../../lambda/facade.ts'
import type { LogsFacade } from '../../logs/facade.ts'
import type { S3Facade } from '../../s3/facade.ts'
import { cloudwatchAlarms } from './alarm-states.ts'
import { ROUTES_MILLISECONDS } from './drain-instance.ts'
import { createEndpointController } from './endpoint-controller.ts'
import {
  DRAINS_TOPIC,
  ENDPOINT_WORK,
  HOSTING_SWEEP_WORK,
  INSTANCE_WORK,
  INSTANCES_TOPIC,
  parseDrain,
} from './endpoint-state.ts'
import { createHostingSweep } from './hosting-sweep.ts'
import { InstanceBells } from './instance-bells.ts'
import { createInstanceController } from './instance-controller.ts'
import { openModelCache } from './model-data/model-cache.ts'
import { createModelStore, mountedModels } from './model-store.ts'
import type { PlatformRegistry } from './registry-credentials.ts'
import { routeLoader } from './route-loader.ts'
import { SharedPreparation } from './shared-preparation.ts'
import { watchContainers } from './watch-containers.ts'

export interface HostingOptions {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly workQueue: WorkQueue
  readonly clock: Clock
  readonly log: Logger
  readonly runtime: ContainerRuntime
  /** Undefined when nothing is to run containers; what it says is undefined as long as the engine has not been found. */
  readonly engine: (() => EngineDescription | undefined) | undefined
  readonly installation: string
  readonly registries: RegistryClient
  readonly platformRegistries: Readonly<Record<string, PlatformRegistry>>
  readonly iam: IamFacade
  readonly lambda: LambdaFacade
  readonly ecr: EcrFacade
  readonly authorizer: Authorizer
  readonly logs: LogsFacade
  readonly s3: S3Facade
  readonly cloudwatch: CloudwatchFacade
  /** How often the use of processor, memory and disk is looked at, in seconds. */
  readonly sampleSeconds: number
  /** Where unpacked models are kept. */
  readonly modelDirectory: string
  readonly limits: {
    readonly startupSeconds: number
    readonly containerSeconds: number
    readonly streamSeconds: number
    readonly modelArchiveBytes: number
    readonly modelFiles: number
    readonly modelCacheBytes: number
  }
  readonly containers: { readonly addedCapabilities: readonly string[]; readonly pids: number }
}

export interface Hosting {
  readonly loadRoute: RouteLoader
  /** An instance could not be reached: whoever holds it looks at once. */
  lookAfter(instanceId: string): void
  /** Calls `letGo` for each instance that this worker is to send no more requests to, with the key of its route. */
  onDrain(letGo: (instanceId: string, route: string) => void): void
  stop(): void
}

/** An engine that has not been found is asked for this often. */
const NOT_FOUND_MILLISECONDS = 1_000

/** Until the engine is found, items stay in the queue. */
function onceFound(
  engine: () => EngineDescription | undefined,
  make: (found: EngineDescription) => WorkHandler,
): WorkHandler {
  let handler: WorkHandler | undefined
  return async (item, signal) => {
    const found = engine()
    if (found === undefined) return { done: false, againInMilliseconds: NOT_FOUND_MILLISECONDS }
    handler ??= make(found)
    return handler(item, signal)
  }
}

const SWEEP_MILLISECONDS = 10 * 60_000
/** What one worker deals with at a time. An instance is held for as long as it lives. */
const CONCURRENCY = { endpoints: 32, instances: 2_000 }
/** An instance that cannot be reached is reported this often, however many requests find it so. */
const REPORT_MILLISECONDS = 1_000

/** Joins the parts of hosting and registers its work. */
export async function startHosting(options: HostingOptions): Promise<Hosting> {
  const { database, changeFeed, workQueue, clock, log, runtime, engine, installation, limits } = options
  const stopping = new AbortController()
  const cache = await openModelCache({
    directory: options.modelDirectory,
    s3: options.s3,
    clock,
    log,
    limits: {
      maximumBytes: limits.modelArchiveBytes,
      maximumEntries: limits.modelFiles,
      maximumFileBytes: limits.modelArchiveBytes,
      maximumRatio: 1_000,
    },
    maximumBytes: limits.modelCacheBytes,
    mounted: mountedModels(runtime, installation),
  })
  const hosted = engine !== undefined
  const alarms = cloudwatchAlarms(options.cloudwatch)
  const endpoints = createEndpointController({
    database,
    changeFeed,
    workQueue,
    clock,
    hosted,
    alarms,
    log,
  })
  workQueue.handle(ENDPOINT_WORK, endpoints, { concurrency: CONCURRENCY.endpoints })
  const sweep = createHostingSweep({ database, workQueue, runtime, installation, hosted, log })
  workQueue.handle(HOSTING_SWEEP_WORK, sweep, { concurrency: 1 })
  const bells = new InstanceBells()
  // Without a runtime the items of instances wait for a server that has one.
  if (engine !== undefined) {
    const instanceController = (found: EngineDescription) =>
      createInstanceController({
        ...{ database, changeFeed, workQueue, clock, log, runtime, bells },
        registries: options.registries,
        iam: options.iam,
        lambda: options.lambda,
        ecr: options.ecr,
        authorizer: options.authorizer,
        logs: options.logs,
        cloudwatch: options.cloudwatch,
        sampleSeconds: options.sampleSeconds,
        modelDirectory: options.modelDirectory,
        models: createModelStore(cache),
        preparations: new SharedPreparation(),
        platformRegistries: options.platformRegistries,
        architecture: found.architecture,
        startupSeconds: limits.startupSeconds,
        requestSeconds: Math.max(limits.containerSeconds, limits.streamSeconds),
        routesMilliseconds: ROUTES_MILLISECONDS,
        policy: {
          installation,
          addedCapabilities: options.containers.addedCapabilities,
          pids: options.containers.pids,
          machine: { cpus: found.cpus, memoryBytes: found.memoryBytes },
        },
      })
    workQueue.handle(INSTANCE_WORK, onceFound(engine, instanceController), { concurrency: CONCURRENCY.instances })
    watchContainers({ runtime, bells, installation, log }, stopping.signal).catch(() => {})
  }
  const unsubscribe = changeFeed.subscribe(INSTANCES_TOPIC, (id) => bells.ring(id))
  await database.commit([workQueue.enqueue(HOSTING_SWEEP_WORK, 'all')])
  const sweepModels = () => {
    cache.sweep().catch((err: unknown) => log.warn({ err }, 'the model cache could not be swept'))
  }
  // Without a runtime nobody can tell which models are mounted.
  const sweeper = hosted ? setInterval(sweepModels, SWEEP_MILLISECONDS).unref() : undefined
  if (hosted) sweepModels()

  const reported = new Map<string, number>()
  const lookAfter = async (id: string) => {
    const now = performance.now()
    if (now - (reported.get(id) ?? Number.NEGATIVE_INFINITY) < REPORT_MILLISECONDS) return
    if (reported.size >= CONCURRENCY.instances) reported.clear()
    reported.set(id, now)
    await database.commit([changeFeed.announce({ topic: INSTANCES_TOPIC, key: id })])
  }
  return {
    loadRoute: routeLoader(database, hosted),
    lookAfter(id) {
      lookAfter(id).catch((err: unknown) => log.warn({ err, instance: id }, 'an unreachable instance was not reported'))
    },
    onDrain(letGo) {
      changeFeed.subscribe(DRAINS_TOPIC, (drain) => {
        // Whoever asked asks again, so what has been missed is missed for a moment.
        if (drain === EVERYTHING) return
        const { instance, route } = parseDrain(drain)
        letGo(instance, route)
      })
    },
    stop() {
      clearInterval(sweeper)
      unsubscribe()
      stopping.abort()
    },
  }
}
