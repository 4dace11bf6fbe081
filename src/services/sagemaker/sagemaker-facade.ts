import type { Clock } from '../../shared/clock.ts'
import { one, statement } from '../../storage/statement.ts'
import { endpointKey } from './endpoints/endpoint-key.ts'
import type { EndpointSpec } from './endpoints/endpoint-spec.ts'
import { findEndpoint, findVariants } from './endpoints/endpoint-store.ts'
import { changeCapacities } from './endpoints/update-weights-and-capacities.ts'
import type { SagemakerFacade } from './facade.ts'
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
    endpointStillThere(owner, endpoint, otherwise) {
      const { account, region, name_key } = endpointKey(owner, endpoint)
      const query = database.query
        .selectFrom('endpoints')
        .select('name')
        .where((of) => of.and({ account, region, name_key, name: endpoint }))
      return statement(query, one(otherwise))
    },
  }
}
