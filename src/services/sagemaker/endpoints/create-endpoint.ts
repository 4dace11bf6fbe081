import type { CreateEndpointInput, CreateEndpointOutput } from '../../../model/generated/sagemaker.ts'
import type { EndpointRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import type { ModelRow } from '../../../storage/schema/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { configStillThere, requireConfig } from '../endpoint-configs/endpoint-config-store.ts'
import type { InstanceVariant } from '../endpoint-configs/variant-rules.ts'
import { ENDPOINT_WORK, ENDPOINTS_TOPIC, type EndpointKey, formatEndpointKey } from '../hosting/endpoint-state.ts'
import { requireModel } from '../models/model-store.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { checkTags, putTags, tagged } from '../tags/tag-store.ts'
import { endpointArn, endpointKey } from './endpoint-key.ts'
import { endpointSpec, variantsOf } from './endpoint-snapshot.ts'
import { findEndpoint, insertEndpoint, wantedInstances } from './endpoint-store.ts'
import { bothUpdatePolicies, duplicateEndpoint, quotaExceeded } from './errors.ts'

/** Says what is wanted and enqueues the work; a controller brings it about. */
export async function createEndpoint(
  deps: SagemakerDeps,
  input: CreateEndpointInput,
  context: RequestContext,
): Promise<CreateEndpointOutput> {
  const { database } = deps
  const { EndpointName: name, Tags: tags = [], DeploymentConfig: deployment } = input
  const arn = endpointArn(context, name)
  const key = endpointKey(context, name)
  if (deployment?.BlueGreenUpdatePolicy !== undefined && deployment.RollingUpdatePolicy !== undefined) {
    throw bothUpdatePolicies()
  }
  checkTags(tags)
  if ((await findEndpoint(database, key)) !== undefined) throw duplicateEndpoint(arn)
  const config = await requireConfig(database, context, input.EndpointConfigName)
  const models = new Map<string, ModelRow>()
  const variants = variantsOf(config)
  for (const { ModelName: model } of variants) models.set(model, await requireModel(database, context, model))
  const spec = endpointSpec(config, models)
  await checkQuota(deps, variants, context)
  const row: EndpointRow = {
    ...key,
    name,
    config_name: config.name,
    spec: JSON.stringify(spec),
    status: 'Creating',
    failure_reason: null,
    generation: 1,
    observed_generation: 0,
    revision: 1,
    deployment_config: deployment === undefined ? null : JSON.stringify(deployment),
    created_at: context.now,
    modified_at: context.now,
  }
  await database.commit([
    configStillThere(database, config),
    ...insertEndpoint(database, row, variantRows(key, variants), () => duplicateEndpoint(arn)),
    ...putTags(deps, tagged(context, 'endpoint', name), arn, tags),
    deps.workQueue.enqueue(ENDPOINT_WORK, formatEndpointKey(key)),
    deps.changeFeed.announce({ topic: ENDPOINTS_TOPIC, key: formatEndpointKey(key) }),
  ])
  return { EndpointArn: arn }
}

const variantRows = (key: EndpointKey, variants: readonly InstanceVariant[]): readonly EndpointVariantRow[] =>
  variants.map((variant, position) => ({
    ...key,
    variant_name: variant.VariantName,
    position,
    instance_type: variant.InstanceType,
    desired_weight: variant.InitialVariantWeight,
    desired_instance_count: variant.InitialInstanceCount,
    current_weight: null,
    current_instance_count: null,
    deployed_images: null,
    variant_status: null,
  }))

/** Keeps a mistyped count from starting thousands of containers. Two requests at one moment may both pass. */
async function checkQuota(
  deps: SagemakerDeps,
  variants: readonly InstanceVariant[],
  context: RequestContext,
): Promise<void> {
  const wanted = new Map<string, number>()
  for (const { InstanceType: type, InitialInstanceCount: count } of variants) {
    wanted.set(type, (wanted.get(type) ?? 0) + count)
  }
  const limit = deps.endpointInstanceQuota
  for (const [type, count] of wanted) {
    const used = await wantedInstances(deps.database, context, type)
    if (used + count > limit) throw quotaExceeded(type, limit, used, count)
  }
}
