import type { ProductionVariantStatus } from '../../../model/generated/sagemaker.ts'
import type { DeploymentPhase } from './deployment-plan.ts'
import { type Place, placeKey, type Share, type Stage } from './deployment-stages.ts'

/**
 * What DescribeEndpoint says of a variant while an update is at work on it; undefined when nothing happens to it.
 * Wording: DescribeEndpoint and ProductionVariantStatus (API reference).
 */
export function variantStatus(
  place: Place,
  before: Stage,
  next: Stage,
  phase: DeploymentPhase,
  incoming: number | undefined,
  phaseAt: number,
): ProductionVariantStatus | undefined {
  const had = before.shares.get(placeKey(place))
  const share = next.shares.get(placeKey(place))
  if (had === undefined || share === undefined) return undefined
  if (phase === 'Launching' && share.instances > had.instances) {
    if (incoming === undefined)
      return status('Updating', `Scaling out desired instance count to ${share.instances}.`, phaseAt)
    return status('Creating', `Launching ${share.instances - had.instances} instance(s).`, phaseAt)
  }
  if (phase === 'Baking' && place.fleet === incoming && share.traffic > 0) {
    const capacity = capacityOf(share)
    if (next.waitSeconds === 0) return status('ActivatingTraffic', `Activating traffic on ${capacity}.`, phaseAt)
    const bake = `Baking for ${next.waitSeconds} seconds (${next.waitName})`
    return status('Baking', `${bake} with traffic enabled on ${capacity}.`, phaseAt)
  }
  if (phase === 'Terminating' && share.instances < had.instances)
    return terminating(had.instances - share.instances, phaseAt)
  return undefined
}

export const terminating = (instances: number, since: number): ProductionVariantStatus =>
  status('Deleting', `Terminating ${instances} instance(s).`, since)

function capacityOf({ traffic, instances }: Share): string {
  if (traffic === 1) return `full capacity of ${instances} instance(s)`
  return `canary capacity of ${Math.max(1, Math.round(instances * traffic))} instance(s)`
}

const status = (
  Status: ProductionVariantStatus['Status'],
  StatusMessage: string,
  StartTime: number,
): ProductionVariantStatus => ({ Status, StatusMessage, StartTime })
