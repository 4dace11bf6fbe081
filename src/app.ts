import { type AppOptions, type Foundation, layFoundation } from './app/foundation.ts'
import { gatewayParts } from './app/gateway-parts.ts'
import { joinAccess } from './app/join-access.ts'
import { joinBaseServices } from './app/join-base-services.ts'
import { joinHosting } from './app/join-hosting.ts'
import { joinInvocations } from './app/join-invocations.ts'
import { joinScaling } from './app/join-scaling.ts'
import { startError } from './app/open-database.ts'
import { serviceTables } from './app/service-tables.ts'
import { readMetricsToken } from './config/metrics-token.ts'
import type { Config } from './config/schema.ts'
import { InvocationFront } from './gateway/front/invocation-front.ts'
import { handleRequest } from './gateway/gateway.ts'
import { createHttpServer, drainHttpServer } from './gateway/http-server.ts'
import type { AwaitedEngine } from './runtime/docker/awaited-engine.ts'
import { StartError } from './shared/start-error.ts'
import { AccessLog } from './telemetry/access-log.ts'

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
 * Builds a worker: here and in app/, and nowhere else, the services, the engine and the database meet.
 * @throws StartError with a sentence for the user
 */
export async function startApp(config: Config, options: AppOptions): Promise<App> {
  try {
    return await buildApp(config, options)
  } catch (error) {
    throw startError(error)
  }
}

async function buildApp(config: Config, options: AppOptions): Promise<App> {
  const { tokenFile } = config.metrics
  const metricsToken = tokenFile === undefined ? undefined : readMetricsToken(tokenFile)
  const foundation = await layFoundation(config, options)
  const { database, engine, runtime, watch, workQueue } = foundation
  const access = joinAccess(foundation)
  const base = await joinBaseServices(foundation, access)
  const scaling = await joinScaling(foundation, base.sns)
  const hosting = await joinHosting(foundation, access, base, scaling.cloudwatch.facade)
  const services = serviceTables(foundation, access, base, scaling)
  const invocations = await joinInvocations(foundation, base, scaling.cloudwatch, hosting)

  const accessLog = await openAccessLog(foundation)
  let ready = false
  const parts = gatewayParts(foundation, access, base, {
    ...{ services, accessLog, metricsToken },
    runtime: invocations.runtime,
    cloudwatch: scaling.cloudwatch.facade,
    isReady: () => ready,
  })
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
      base.sqs.endWaiting()
      await Promise.all([drainHttpServer(server, front), workQueue.stop()])
      await accessLog?.close()
      await invocations.stop()
      await scaling.cloudwatch.stop()
      await base.lambda.stop()
      base.sns.stop()
      await runtime.close()
      watch.stop()
      await database.close()
    },
  }
}

async function openAccessLog({ config: { accessLog: path }, log }: Foundation): Promise<AccessLog | undefined> {
  if (path === undefined) return undefined
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
