import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type {
  EndpointContainerRow,
  EndpointDeploymentRow,
  EndpointInstanceRow,
  EndpointRow,
  EndpointVariantRow,
} from '../../../storage/schema/endpoints.ts'
import { statement } from '../../../storage/statement.ts'
import { dropScaling } from '../../application-autoscaling/facade.ts'
import { closeAsyncQueue } from '../../sagemaker-runtime/facade.ts'
import type { EndpointSpec } from '../endpoints/endpoint-spec.ts'
import { dropTags, tagged } from '../tags/tag-store.ts'

/** The topic under which everything that routes depend on is announced. */
export const ENDPOINTS_TOPIC = 'endpoints'
/** The topic under which an instance is named that could not be reached: whoever looks after it looks at once. */
export const INSTANCES_TOPIC = 'instances'
/** The topic under which workers are asked to let go of an instance. */
export const DRAINS_TOPIC = 'drains'
/** The kinds of work items of hosting: an endpoint, one of its instances, and what looks for leftovers. */
export const ENDPOINT_WORK = 'endpoint'
export const INSTANCE_WORK = 'endpoint-instance'
export const HOSTING_SWEEP_WORK = 'hosting-sweep'

/** The parts of an endpoint's key, `account/region/name-key`: the key of its work item, its changes and its routes. */
export interface EndpointKey {
  readonly account: string
  readonly region: string
  readonly name_key: string
}

export function parseEndpointKey(key: string): EndpointKey {
  const [account = '', region = '', name_key = ''] = key.split('/')
  return { account, region, name_key }
}

export const formatEndpointKey = ({ account, region, name_key }: EndpointKey): string =>
  `${account}/${region}/${name_key}`

/** Names an instance that is to be let go of, and its endpoint, as the key of a change. */
export const formatDrain = (instance: string, key: EndpointKey): string => `${instance}/${formatEndpointKey(key)}`

export function parseDrain(drain: string): { readonly instance: string; readonly route: string } {
  const slash = drain.indexOf('/')
  return { instance: drain.slice(0, slash), route: drain.slice(slash + 1) }
}

/** What is wanted, and what was last known to run. */
export interface EndpointState {
  readonly key: EndpointKey
  readonly endpoint: EndpointRow
  /** Fleet by fleet, in the order of their configs. */
  readonly variants: readonly EndpointVariantRow[]
  readonly instances: readonly EndpointInstanceRow[]
  /** Of all instances, each one's in the order of its model. */
  readonly containers: readonly EndpointContainerRow[]
  /** The update that is under way, and one that is stuck. */
  readonly deployments: readonly EndpointDeploymentRow[]
}

/** What the variants of a fleet run. */
export function specOf({ endpoint, deployments }: EndpointState, fleet: number): EndpointSpec | undefined {
  const spec = fleet === endpoint.fleet ? endpoint.spec : deployments.find((row) => row.fleet === fleet)?.spec
  return spec == null ? undefined : (JSON.parse(spec) as EndpointSpec)
}

/** The name of the config that a fleet was made from. */
export const configNameOf = ({ endpoint, deployments }: EndpointState, fleet: number): string | undefined =>
  fleet === endpoint.fleet
    ? endpoint.config_name
    : (deployments.find((row) => row.fleet === fleet)?.config_name ?? undefined)

/** The containers of one instance, in the order of its model. */
export const containersOf = (
  { containers }: Pick<EndpointState, 'containers'>,
  instance: string,
): readonly EndpointContainerRow[] => containers.filter((row) => row.instance_id === instance)

/**
 * Reads an endpoint with all that belongs to it, as it was at one moment: between the traffic of before a move and the
 * instances of after it, a request would find nobody.
 */
export async function loadEndpoint(database: Database, key: EndpointKey): Promise<EndpointState | undefined> {
  for (;;) {
    const state = await readEndpoint(database, key)
    if (state === undefined) return undefined
    const now = await database.query
      .selectFrom('endpoints')
      .select('revision')
      .where((of) => of.and({ ...key }))
      .executeTakeFirst()
    // Whoever adds or ends instances, or moves traffic, raises it.
    if (now?.revision === state.endpoint.revision) return state
  }
}

async function readEndpoint(database: Database, key: EndpointKey): Promise<EndpointState | undefined> {
  const { query } = database
  const endpoint = await query
    .selectFrom('endpoints')
    .selectAll()
    .where((of) => of.and({ ...key }))
    .executeTakeFirst()
  if (endpoint === undefined) return undefined
  const variants = await query
    .selectFrom('endpoint_variants')
    .selectAll()
    .where((of) => of.and({ ...key }))
    .orderBy('fleet')
    .orderBy('position')
    .execute()
  const deployments = await query
    .selectFrom('endpoint_deployments')
    .selectAll()
    .where((of) => of.and({ ...key }))
    .orderBy('fleet')
    .execute()
  const instances = await query
    .selectFrom('endpoint_instances')
    .selectAll()
    .where((of) => of.and({ ...key }))
    .orderBy('id')
    .execute()
  // After the instances: one that is healthy has containers that run.
  const containers = await query
    .selectFrom('endpoint_containers')
    .selectAll()
    .where('instance_id', 'in', (of) =>
      of
        .selectFrom('endpoint_instances')
        .select('id')
        .where((those) => those.and({ ...key })),
    )
    .orderBy('position')
    .execute()
  return { key, endpoint, variants, instances, containers, deployments }
}

/** The writes of the endpoint controller, each a statement for its unit of work. */
export function endpointWrites(database: Database, changeFeed: ChangeFeed, key: EndpointKey) {
  const { query } = database
  return {
    /** Tells every worker that the endpoint's routes may have changed. */
    announce: (): Statement => changeFeed.announce({ topic: ENDPOINTS_TOPIC, key: formatEndpointKey(key) }),

    addInstance: (row: EndpointInstanceRow, containers: readonly EndpointContainerRow[]): readonly Statement[] => [
      statement(query.insertInto('endpoint_instances').values(row)),
      ...containers.map((container) => statement(query.insertInto('endpoint_containers').values(container))),
    ],

    updateContainer: (instance: string, position: number, values: Partial<EndpointContainerRow>): Statement =>
      statement(
        query
          .updateTable('endpoint_containers')
          .set(values)
          .where('instance_id', '=', instance)
          .where('position', '=', position),
      ),

    updateInstance: (id: string, values: Partial<EndpointInstanceRow>): Statement =>
      statement(query.updateTable('endpoint_instances').set(values).where('id', '=', id)),

    /** Compare-and-set by state: nothing is written, and `otherwise` is thrown, when the instance has left it. */
    moveInstance: (id: string, from: string, values: Partial<EndpointInstanceRow>, otherwise: () => Error): Statement =>
      statement(query.updateTable('endpoint_instances').set(values).where('id', '=', id).where('state', '=', from), {
        rows: 1,
        otherwise,
      }),

    removeInstance: (id: string): readonly Statement[] => [
      statement(query.deleteFrom('endpoint_holds').where('instance_id', '=', id)),
      statement(query.deleteFrom('endpoint_containers').where('instance_id', '=', id)),
      statement(query.deleteFrom('endpoint_instances').where('id', '=', id)),
    ],

    updateVariant: (fleet: number, variant: string, values: Partial<EndpointVariantRow>): Statement =>
      statement(
        query
          .updateTable('endpoint_variants')
          .set(values)
          .where((of) => of.and({ ...key }))
          .where('fleet', '=', fleet)
          .where('variant_name', '=', variant),
      ),

    /** Remembers which images a variant runs, unless that is known already: the first to resolve a tag decides. */
    pinImages: (fleet: number, variant: string, images: string): Statement =>
      statement(
        query
          .updateTable('endpoint_variants')
          .set({ deployed_images: images })
          .where((of) => of.and({ ...key }))
          .where('fleet', '=', fleet)
          .where('variant_name', '=', variant)
          .where('deployed_images', 'is', null),
      ),

    /** Compare-and-set: nothing is written, and `otherwise` is thrown, when somebody else has written in between. */
    updateEndpoint: (revision: number, values: Partial<EndpointRow>, otherwise: () => Error): Statement =>
      statement(
        query
          .updateTable('endpoints')
          .set({ ...values, revision: revision + 1 })
          .where((of) => of.and({ ...key }))
          .where('revision', '=', revision),
        { rows: 1, otherwise },
      ),

    updateDeployment: (fleet: number, values: Partial<EndpointDeploymentRow>): Statement =>
      statement(
        query
          .updateTable('endpoint_deployments')
          .set(values)
          .where((of) => of.and({ ...key }))
          .where('fleet', '=', fleet),
      ),

    /** Forgets what was under way, and that a fleet was left over. */
    removeDeployments: (fleets: readonly number[]): Statement =>
      statement(
        query
          .deleteFrom('endpoint_deployments')
          .where((of) => of.and({ ...key }))
          .where('fleet', 'in', [...fleets]),
      ),

    removeVariants: (fleets: readonly number[]): Statement =>
      statement(
        query
          .deleteFrom('endpoint_variants')
          .where((of) => of.and({ ...key }))
          .where('fleet', 'in', [...fleets]),
      ),

    /** The endpoint with all that belongs to it. */
    forget: (): readonly Statement[] => [
      statement(
        query.deleteFrom('endpoint_holds').where('instance_id', 'in', (of) =>
          of
            .selectFrom('endpoint_instances')
            .select('id')
            .where((those) => those.and({ ...key })),
        ),
      ),
      statement(
        query.deleteFrom('endpoint_containers').where('instance_id', 'in', (of) =>
          of
            .selectFrom('endpoint_instances')
            .select('id')
            .where((those) => those.and({ ...key })),
        ),
      ),
      statement(query.deleteFrom('endpoint_deployments').where((of) => of.and({ ...key }))),
      statement(query.deleteFrom('endpoint_instances').where((of) => of.and({ ...key }))),
      statement(query.deleteFrom('endpoint_variants').where((of) => of.and({ ...key }))),
      statement(query.deleteFrom('endpoints').where((of) => of.and({ ...key }))),
      statement(query.deleteFrom('runtime_sessions').where('route_key', '=', formatEndpointKey(key))),
      closeAsyncQueue(database, key),
      ...dropScaling(database, key),
      ...dropTags({ database, changeFeed }, tagged(key, 'endpoint', key.name_key)),
    ],
  }
}

export type EndpointWrites = ReturnType<typeof endpointWrites>
