import type { AsyncRoute, InstanceRoute, Route, VariantRoute } from '../../../dataplane/route.ts'
import type { AsyncInferenceConfig } from '../../../model/generated/sagemaker.ts'
import type { Database } from '../../../storage/database.ts'
import type { EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import { findAsyncQueue } from '../../sagemaker-runtime/facade.ts'
import type { EndpointSpec, VariantSpec } from '../endpoints/endpoint-spec.ts'
import { containerName } from './container-names.ts'
import {
  configNameOf,
  containersOf,
  type EndpointState,
  loadEndpoint,
  parseEndpointKey,
  specOf,
} from './endpoint-state.ts'

/** Statuses in which an endpoint takes requests. Source: DescribeEndpoint (API reference). */
const SERVING = new Set(['InService', 'Updating', 'SystemUpdating', 'RollingBack', 'UpdateRollbackFailed'])

/** Reads the route of an endpoint for the data plane; undefined while it takes no requests. */
export const routeLoader =
  (database: Database, hosted: boolean) =>
  async (key: string): Promise<Route | undefined> => {
    const state = await loadEndpoint(database, parseEndpointKey(key))
    if (state === undefined || !SERVING.has(state.endpoint.status)) return undefined
    const route = toRoute(state, hosted)
    const config = specOf(state, state.endpoint.fleet)?.asyncInferenceConfig
    if (config === undefined) return route
    const queueId = await findAsyncQueue(database, state.key)
    return queueId === undefined ? undefined : { ...route, async: asyncRoute(config, queueId) }
  }

function toRoute(state: EndpointState, hosted: boolean): Route {
  const { endpoint, key } = state
  const several = new Set(state.variants.map(({ fleet }) => fleet)).size > 1
  const found = state.variants.map((row) => ({ row, instances: instancesOf(state, row), traffic: row.traffic }))
  // What has nobody to answer leaves its traffic to the variant of its name in another fleet.
  for (const empty of found) {
    if (empty.instances.length > 0 || empty.traffic === 0) continue
    const other = found.find(
      ({ row, instances }) => row.variant_name === empty.row.variant_name && instances.length > 0,
    )
    if (other === undefined) continue
    other.traffic += empty.traffic
    empty.traffic = 0
  }
  const variants = found.map(({ row, instances, traffic }): VariantRoute => {
    const spec = specOf(state, row.fleet)?.variants.find((candidate) => candidate.name === row.variant_name)
    const configName = configNameOf(state, row.fleet)
    return {
      name: row.variant_name,
      ...(configName !== undefined && { configName }),
      weight: several ? (traffic * weightOf(row)) / (fleetWeight(state, row.fleet) || 1) : weightOf(row),
      share: traffic,
      instances,
      strategy: spec?.routingStrategy ?? 'RANDOM',
      ...(spec !== undefined &&
        spec.containers.length > 1 && {
          containers: spec.containers.map((container, position) => ({ name: containerName(container, position) })),
          mode: spec.executionMode ?? 'Serial',
        }),
      ...asyncVariant(specOf(state, row.fleet), spec),
    }
  })
  return { endpointName: endpoint.name, account: key.account, region: key.region, hosted, variants }
}

const instancesOf = (state: EndpointState, { fleet, variant_name }: EndpointVariantRow) =>
  state.instances.flatMap((row): InstanceRoute[] => {
    if (row.fleet !== fleet || row.variant_name !== variant_name || row.state !== 'Healthy') return []
    const containers = containersOf(state, row.id).flatMap(({ name, address }) =>
      address === null ? [] : [{ name, address }],
    )
    const [first] = containers
    if (first === undefined) return []
    return [{ id: row.id, address: first.address, ...(containers.length > 1 && { containers }) }]
  })

/** Where the results of an asynchronous endpoint go, and who hears of them. */
export function asyncRoute({ OutputConfig: output }: AsyncInferenceConfig, queueId: string): AsyncRoute {
  const topics = output.NotificationConfig
  return {
    queueId,
    outputPath: output.S3OutputPath,
    failurePath: output.S3FailurePath,
    // The published shape takes an empty one.
    kmsKeyId: output.KmsKeyId === '' ? undefined : output.KmsKeyId,
    successTopic: topics?.SuccessTopic,
    errorTopic: topics?.ErrorTopic,
    responseIn: topics?.IncludeInferenceResponseIn ?? [],
  }
}

/** What a variant of an asynchronous fleet needs to be known of besides. */
function asyncVariant(fleet: EndpointSpec | undefined, variant: VariantSpec | undefined) {
  const config = fleet?.asyncInferenceConfig
  if (config === undefined) return {}
  const most = config.ClientConfig?.MaxConcurrentInvocationsPerInstance
  return {
    ...(variant?.executionRoleArn !== undefined && { executionRoleArn: variant.executionRoleArn }),
    ...(most !== undefined && { maxConcurrency: most }),
  }
}

const weightOf = (row: EndpointVariantRow): number => row.current_weight ?? row.desired_weight

const fleetWeight = ({ variants }: EndpointState, fleet: number): number =>
  variants.filter((row) => row.fleet === fleet).reduce((total, row) => total + weightOf(row), 0)
