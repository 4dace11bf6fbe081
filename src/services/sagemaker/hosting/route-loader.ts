import type { InstanceRoute, Route, VariantRoute } from '../../../dataplane/route.ts'
import type { Database } from '../../../storage/database.ts'
import { type EndpointState, loadEndpoint, parseEndpointKey } from './endpoint-state.ts'

/** Statuses in which an endpoint takes requests. Source: endpoint-lifecycle reference §2. */
const SERVING = new Set(['InService', 'Updating', 'SystemUpdating', 'RollingBack', 'UpdateRollbackFailed'])

/** Reads the route of an endpoint for the data plane; undefined while it takes no requests. */
export const routeLoader =
  (database: Database, hosted: boolean) =>
  async (key: string): Promise<Route | undefined> => {
    const state = await loadEndpoint(database, parseEndpointKey(key))
    return state === undefined || !SERVING.has(state.endpoint.status) ? undefined : toRoute(state, hosted)
  }

function toRoute(state: EndpointState, hosted: boolean): Route {
  const { endpoint, key } = state
  const variants = state.variants.map((row): VariantRoute => {
    const instances = state.instances.flatMap((instance): InstanceRoute[] =>
      instance.variant_name === row.variant_name && instance.state === 'Healthy' && instance.address !== null
        ? [{ id: instance.id, address: instance.address }]
        : [],
    )
    const spec = state.spec.variants.find((candidate) => candidate.name === row.variant_name)
    return {
      name: row.variant_name,
      weight: row.current_weight ?? row.desired_weight,
      instances,
      strategy: spec?.routingStrategy ?? 'RANDOM',
    }
  })
  return { endpointName: endpoint.name, account: key.account, region: key.region, hosted, variants }
}
