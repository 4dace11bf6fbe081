import type { Clock } from '../../shared/clock.ts'
import { endpointArn, endpointKey } from './endpoints/endpoint-key.ts'
import { findEndpoint, findVariants } from './endpoints/endpoint-store.ts'
import { changeCapacities } from './endpoints/update-weights-and-capacities.ts'
import type { SagemakerFacade } from './facade.ts'
import type { SagemakerDeps } from './sagemaker-deps.ts'

/** A real-time variant needs an instance; only other kinds of endpoints may have none. */
const LEAST_INSTANCES = 1

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
        endpointArn: endpointArn(owner, endpoint),
        status: row.status,
        failureReason: row.failure_reason ?? undefined,
        instanceType: found.instance_type,
        desiredInstances: found.desired_instance_count,
        leastInstances: LEAST_INSTANCES,
      }
    },
    async setInstanceCount({ account, region }, endpoint, variant, count, also) {
      const input = {
        EndpointName: endpoint,
        DesiredWeightsAndCapacities: [{ VariantName: variant, DesiredInstanceCount: count }],
      }
      await changeCapacities(deps, input, { account, region, now: clock.now() }, also)
    },
  }
}
