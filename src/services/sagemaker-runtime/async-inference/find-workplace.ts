import type { Route } from '../../../dataplane/route.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import { executionRole } from './execution-role.ts'

/** Where an instance works; undefined while it is in no route of an asynchronous endpoint. */
export async function findWorkplace(
  deps: AsyncDeps,
  routeKey: string,
  instanceId: string,
): Promise<Workplace | undefined> {
  const route = await deps.routes.find(routeKey)
  if (route?.async === undefined) return undefined
  return workplaceIn(deps, route, instanceId)
}

function workplaceIn(deps: AsyncDeps, route: Route, instanceId: string): Workplace | undefined {
  for (const variant of route.variants) {
    const instances = variant.instances.filter(({ id }) => id === instanceId)
    if (instances.length === 0) continue
    const principal = executionRole(deps, variant.executionRoleArn)
    return { route, variant: { ...variant, instances }, instanceId, principal }
  }
  return undefined
}

/** Whether the routes of this worker have the instance. While they are read, nobody knows better, and they have. */
export function isInRoute({ routes }: AsyncDeps, routeKey: string, instanceId: string): boolean {
  const route = routes.find(routeKey)
  if (route instanceof Promise) {
    route.catch(() => {})
    return true
  }
  return route?.variants.some(({ instances }) => instances.some(({ id }) => id === instanceId)) ?? false
}

/** Whether the instance is there to serve, whatever the routes of this worker say. */
export async function isHealthy({ database }: AsyncDeps, instanceId: string): Promise<boolean> {
  const row = await database.query
    .selectFrom('endpoint_instances')
    .innerJoin('endpoints', (join) =>
      join
        .onRef('endpoints.account', '=', 'endpoint_instances.account')
        .onRef('endpoints.region', '=', 'endpoint_instances.region')
        .onRef('endpoints.name_key', '=', 'endpoint_instances.name_key'),
    )
    .select('id')
    .where('id', '=', instanceId)
    .where('state', '=', 'Healthy')
    .where('endpoints.status', 'not in', ['Deleting', 'Failed'])
    .executeTakeFirst()
  return row !== undefined
}
