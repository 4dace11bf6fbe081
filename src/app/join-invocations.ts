import { DataPlane } from '../dataplane/data-plane.ts'
import { InstanceHolds } from '../dataplane/instance-holds.ts'
import { RouteTable } from '../dataplane/route-table.ts'
import { ServingWorker } from '../dataplane/serving-worker.ts'
import type { Cloudwatch } from '../services/cloudwatch/start-cloudwatch.ts'
import type { Hosting } from '../services/sagemaker/hosting/start-hosting.ts'
import { InstanceRings } from '../services/sagemaker-runtime/async-inference/instance-rings.ts'
import { acceptDeps } from '../services/sagemaker-runtime/async-inference/invoke-endpoint-async.ts'
import { RequestQueue } from '../services/sagemaker-runtime/async-inference/request-queue.ts'
import { startAsyncInference } from '../services/sagemaker-runtime/async-inference/start-async-inference.ts'
import { meteredRoutes } from '../services/sagemaker-runtime/endpoint-meters.ts'
import type { RuntimeDeps } from '../services/sagemaker-runtime/invoke-endpoint.ts'
import { createSessionAffinity } from '../services/sagemaker-runtime/session-affinity.ts'
import type { Foundation } from './foundation.ts'
import type { BaseServices } from './join-base-services.ts'

export interface Invocations {
  /** What the gateway invokes endpoints with. */
  readonly runtime: RuntimeDeps
  /** No request is on its way any longer. */
  stop(): Promise<void>
}

/** Joins what brings requests to containers: routes, the data plane, and the queues of asynchronous endpoints. */
export async function joinInvocations(
  foundation: Foundation,
  { iam, s3, logs, sns }: BaseServices,
  cloudwatch: Cloudwatch,
  hosting: Hosting,
): Promise<Invocations> {
  const { config, index, database, masterKey, watch, changeFeed, workQueue, clock, log } = foundation
  const now = () => clock.now()
  const serves = () => routes.serves
  const serving = new ServingWorker({ database, now, slot: String(index), serves, log })
  await serving.start()
  const holds = new InstanceHolds({ database, changeFeed, worker: serving.id, now, log })
  const dataPlane = new DataPlane((instance) => hosting.lookAfter(instance.id), holds)
  const bells = new InstanceRings()
  const routes = new RouteTable(serving.loader(meteredRoutes(hosting.loadRoute, cloudwatch.facade)), (instance) => {
    dataPlane.retire(instance)
    bells.ringAll()
  })
  changeFeed.subscribe('endpoints', (key) => routes.refresh(key))
  hosting.onDrain((instance, route) => {
    if (serving.isKnown) void routes.caughtUp(route).then(() => holds.letGo(instance))
  })
  const queue = new RequestQueue(database, index, (queueId) => bells.ring(queueId))
  const stopAsync = startAsyncInference({
    ...{ database, watch, clock, log, routes, dataPlane, iam, s3, workQueue, queue, bells },
    logs: logs.facade,
    box: masterKey,
    sns: sns.facade,
    cloudwatch: cloudwatch.facade,
    sampleSeconds: config.metrics.resolutionSeconds,
  })
  return {
    runtime: {
      ...{ routes, dataPlane },
      accept: acceptDeps({ routes, queue, box: masterKey }, now),
      sessions: createSessionAffinity(database, now),
      limits: config.limits,
    },
    stop: async () => {
      stopAsync()
      dataPlane.close()
      await serving.stop()
    },
  }
}
