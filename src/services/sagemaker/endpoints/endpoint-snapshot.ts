import type { DescribeModelOutput } from '../../../model/generated/sagemaker.ts'
import type { EndpointConfigRow, ModelRow } from '../../../storage/schema/sagemaker.ts'
import type { ConfigDocument } from '../endpoint-configs/create-endpoint-config.ts'
import type { InstanceVariant } from '../endpoint-configs/variant-rules.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import type { EndpointSpec, VariantSpec } from './endpoint-spec.ts'

/** The service's own choice when a variant makes none. */
const DEFAULT_ROUTING = 'RANDOM'

type ModelDocument = Pick<DescribeModelOutput, 'EnableNetworkIsolation' | 'VpcConfig' | 'InferenceExecutionConfig'>

/** A config's variants; only checked ones are stored. */
export const variantsOf = (config: EndpointConfigRow): readonly InstanceVariant[] =>
  (JSON.parse(config.document) as ConfigDocument).ProductionVariants as InstanceVariant[]

/** The spec of a new endpoint. `models` holds the row of each variant's model by its name. */
export function endpointSpec(config: EndpointConfigRow, models: ReadonlyMap<string, ModelRow>): EndpointSpec {
  const document = JSON.parse(config.document) as ConfigDocument
  return {
    variants: variantsOf(config).map((variant) => variantSpec(variant, models.get(variant.ModelName) as ModelRow)),
    dataCaptureConfig: document.DataCaptureConfig,
    metricsConfig: document.MetricsConfig,
    ...(document.AsyncInferenceConfig !== undefined && { asyncInferenceConfig: document.AsyncInferenceConfig }),
  }
}

function variantSpec(variant: InstanceVariant, model: ModelRow): VariantSpec {
  const document = JSON.parse(model.document) as ModelDocument
  const mode = document.InferenceExecutionConfig?.Mode
  return {
    name: variant.VariantName,
    instanceType: variant.InstanceType,
    modelName: model.name,
    executionRoleArn: model.execution_role_arn ?? undefined,
    containers: JSON.parse(model.containers) as ResolvedContainer[],
    ...(mode !== undefined && { executionMode: mode }),
    networkIsolation: document.EnableNetworkIsolation ?? false,
    vpcConfig: document.VpcConfig,
    routingStrategy: variant.RoutingConfig?.RoutingStrategy ?? DEFAULT_ROUTING,
    modelDataDownloadSeconds: variant.ModelDataDownloadTimeoutInSeconds,
    startupHealthCheckSeconds: variant.ContainerStartupHealthCheckTimeoutInSeconds,
  }
}
