import type { EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import type { EndpointConfigRow, ModelRow } from '../../../storage/schema/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import type { InstanceVariant } from '../endpoint-configs/variant-rules.ts'
import type { EndpointKey } from '../hosting/endpoint-state.ts'
import { requireModel } from '../models/model-store.ts'
import type { Scope } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { endpointSpec, variantsOf } from './endpoint-snapshot.ts'
import { wantedInstances } from './endpoint-store.ts'
import { quotaExceeded } from './errors.ts'

/** What an endpoint is to serve, ready to be stored. */
export interface NewFleet {
  /** JSON of EndpointSpec. */
  readonly spec: string
  readonly wanted: readonly InstanceVariant[]
  /** The rows of its variants; `traffic` is 0 when it comes in beside another. */
  variants(key: EndpointKey, fleet: number, traffic: 0 | 1): readonly EndpointVariantRow[]
}

/**
 * A fleet of a config, its models as they are now. `adjust` may change how many instances and what weight a variant wants.
 * @throws ServiceError when a model is gone, or ResourceLimitExceeded
 */
export async function newFleet(
  deps: SagemakerDeps,
  config: EndpointConfigRow,
  context: RequestContext,
  adjust: (variant: InstanceVariant) => InstanceVariant = (variant) => variant,
): Promise<NewFleet> {
  const wanted = variantsOf(config).map(adjust)
  const models = new Map<string, ModelRow>()
  for (const { ModelName: model } of wanted) models.set(model, await requireModel(deps.database, context, model))
  const spec = JSON.stringify(endpointSpec(config, models))
  const delta = new Map<string, number>()
  for (const { InstanceType: type, InitialInstanceCount: count } of wanted)
    delta.set(type, (delta.get(type) ?? 0) + count)
  await checkQuota(deps, delta, context)
  return {
    spec,
    wanted,
    variants: (key, fleet, traffic) =>
      wanted.map((variant, position) => ({
        ...key,
        fleet,
        variant_name: variant.VariantName,
        position,
        instance_type: variant.InstanceType,
        desired_weight: variant.InitialVariantWeight,
        desired_instance_count: variant.InitialInstanceCount,
        current_weight: null,
        current_instance_count: null,
        traffic,
        deployed_images: null,
        variant_status: null,
      })),
  }
}

/**
 * Keeps a mistyped count from starting thousands of containers. `delta` says how many instances of each type are to be
 * added. Two requests at one moment may both pass.
 */
export async function checkQuota(
  { database, endpointInstanceQuota: limit }: Pick<SagemakerDeps, 'database' | 'endpointInstanceQuota'>,
  delta: ReadonlyMap<string, number>,
  scope: Scope,
): Promise<void> {
  for (const [type, count] of delta) {
    if (count <= 0) continue
    const used = await wantedInstances(database, scope, type)
    if (used + count > limit) throw quotaExceeded(type, limit, used, count)
  }
}
