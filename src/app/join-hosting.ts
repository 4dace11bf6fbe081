import { join } from 'node:path'
import { readCa, registryHosts } from '../config/registry-hosts.ts'
import { createRegistryClient } from '../registries/registry-client.ts'
import type { CloudwatchFacade } from '../services/cloudwatch/facade.ts'
import { type Hosting, startHosting } from '../services/sagemaker/hosting/start-hosting.ts'
import type { Foundation } from './foundation.ts'
import type { Access } from './join-access.ts'
import type { BaseServices } from './join-base-services.ts'

/** How many instances of one type all endpoints of an account may want together in a region. */
export const ENDPOINT_INSTANCE_QUOTA = 1_000

/** Joins the controllers of endpoints and instances to the engine, the registries and the services they ask. */
export function joinHosting(
  foundation: Foundation,
  { authorizer }: Access,
  { iam, lambda, ecr, logs, s3 }: BaseServices,
  cloudwatch: CloudwatchFacade,
): Promise<Hosting> {
  const { config, database, changeFeed, workQueue, clock, log, runtime, engine, installation } = foundation
  return startHosting({
    ...{ database, changeFeed, workQueue, clock, log, runtime, installation, iam, ecr, authorizer, s3, cloudwatch },
    engine: engine && (() => engine.found?.description),
    registries: createRegistryClient({
      hosts: registryHosts(config),
      ...(config.caFile !== undefined && { extraCa: readCa(config.caFile) }),
    }),
    platformRegistries: config.registries,
    lambda: lambda.facade,
    logs: logs.facade,
    sampleSeconds: config.metrics.resolutionSeconds,
    modelDirectory: join(config.dataDir, 'models'),
    limits: config.limits,
    containers: config.containers,
  })
}
