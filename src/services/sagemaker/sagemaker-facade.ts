import type { Clock } from '../../shared/clock.ts'
import type { Database } from '../../storage/database.ts'
import { none, one, statement } from '../../storage/statement.ts'
import { endpointKey } from './endpoints/endpoint-key.ts'
import type { EndpointSpec } from './endpoints/endpoint-spec.ts'
import { findEndpoint, findVariants } from './endpoints/endpoint-store.ts'
import { changeCapacities } from './endpoints/update-weights-and-capacities.ts'
import type { EndpointOwner, SagemakerFacade } from './facade.ts'
import type { SagemakerDeps } from './sagemaker-deps.ts'

type FacadeDeps = Pick<SagemakerDeps, 'database' | 'changeFeed' | 'workQueue' | 'endpointInstanceQuota'> & {
  readonly clock: Clock
}

/** SageMaker for the other services of this worker. */
export function createSagemakerFacade(deps: FacadeDeps): SagemakerFacade {
  const { database, clock } = deps
  return {
    async findCapacity(owner, endpoint, variant) {
      const key = endpointKey(owner, endpoint)
      const row = await findEndpoint(database, key)
      if (row?.name !== endpoint) return undefined
      const found = (await findVariants(database, key)).find(
        ({ fleet, variant_name }) => fleet === row.fleet && variant_name === variant,
      )
      if (found === undefined) return undefined
      return {
        status: row.status,
        instanceType: found.instance_type,
        desiredInstances: found.desired_instance_count,
        leastInstances: (JSON.parse(row.spec) as EndpointSpec).asyncInferenceConfig === undefined ? 1 : 0,
      }
    },
    async setInstanceCount({ account, region }, endpoint, variant, count, also) {
      const input = {
        EndpointName: endpoint,
        DesiredWeightsAndCapacities: [{ VariantName: variant, DesiredInstanceCount: count }],
      }
      await changeCapacities(deps, input, { account, region, now: clock.now() }, async () => also)
    },
    variantStillThere: (owner, endpoint, variant, otherwise) =>
      statement(servingVariant(database, owner, endpoint, variant), one(otherwise)),
    variantStays(owner, endpoint, variant, otherwise) {
      const { account, region, name_key } = endpointKey(owner, endpoint)
      const { query } = database
      const served = servingVariant(database, owner, endpoint, variant)
      const keeping = query
        .selectFrom('endpoint_variants')
        .select('fleet')
        .where((of) => of.and({ account, region, name_key, variant_name: variant }))
        .where('instance_type', 'in', served.clearSelect().select('endpoint_variants.instance_type'))
      const leaving = query
        .selectFrom('endpoint_deployments')
        .select('fleet')
        .where((of) => of.and({ account, region, name_key, kind: 'fleet' }))
        .where('fleet', 'not in', keeping)
      return statement(leaving, none(otherwise))
    },
  }
}

/** The row of a variant in the fleet that serves. */
function servingVariant({ query }: Database, owner: EndpointOwner, endpoint: string, variant: string) {
  const { account, region, name_key } = endpointKey(owner, endpoint)
  return query
    .selectFrom('endpoints')
    .innerJoin('endpoint_variants', (join) =>
      join
        .onRef('endpoint_variants.account', '=', 'endpoints.account')
        .onRef('endpoint_variants.region', '=', 'endpoints.region')
        .onRef('endpoint_variants.name_key', '=', 'endpoints.name_key')
        .onRef('endpoint_variants.fleet', '=', 'endpoints.fleet'),
    )
    .select('endpoints.name')
    .where('endpoints.account', '=', account)
    .where('endpoints.region', '=', region)
    .where('endpoints.name_key', '=', name_key)
    .where('endpoints.name', '=', endpoint)
    .where('endpoint_variants.variant_name', '=', variant)
}
