import type { DataCaptureConfig, MetricsConfig, VpcConfig } from '../../../model/generated/sagemaker.ts'
import type { EndpointConfigRow, ModelRow } from '../../../storage/schema/sagemaker.ts'
import type { ConfigDocument } from '../endpoint-configs/create-endpoint-config.ts'
import { hostedContainers, type InstanceVariant } from '../endpoint-configs/variant-rules.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'

/** All that an endpoint needs of its config and models, taken when it was made: deleting those does not touch it. */
export interface EndpointSpec {
  readonly configName: string
  readonly variants: readonly VariantSpec[]
  readonly dataCaptureConfig: DataCaptureConfig | undefined
  readonly metricsConfig: MetricsConfig | undefined
}

export interface VariantSpec {
  readonly name: string
  readonly modelName: string
  /** What everything done for the model is done as; undefined only when nothing needs a role. */
  readonly executionRoleArn: string | undefined
  /** For now always one. */
  readonly containers: readonly ResolvedContainer[]
  readonly networkIsolation: boolean
  readonly vpcConfig: VpcConfig | undefined
  /** `ml.…` */
  readonly instanceType: string
  readonly initialInstanceCount: number
  readonly initialWeight: number
  /** Undefined where the caller left the service's default. */
  readonly modelDataDownloadTimeoutSeconds: number | undefined
  readonly startupTimeoutSeconds: number | undefined
  readonly routingStrategy: 'RANDOM' | 'LEAST_OUTSTANDING_REQUESTS' | undefined
}

/** The names of the models that a config's variants use. */
export const modelNames = (config: EndpointConfigRow): readonly string[] =>
  variantsOf(config).map((variant) => variant.ModelName)

/** The spec of a new endpoint. `models` holds a row for each of `modelNames(config)`. */
export function endpointSpec(config: EndpointConfigRow, models: ReadonlyMap<string, ModelRow>): EndpointSpec {
  const document = JSON.parse(config.document) as ConfigDocument
  return {
    configName: config.name,
    variants: variantsOf(config).map((variant) => variantSpec(variant, models.get(variant.ModelName) as ModelRow)),
    dataCaptureConfig: document.DataCaptureConfig,
    metricsConfig: document.MetricsConfig,
  }
}

/** Only checked variants are stored. */
const variantsOf = (config: EndpointConfigRow): readonly InstanceVariant[] =>
  (JSON.parse(config.document) as ConfigDocument).ProductionVariants as InstanceVariant[]

function variantSpec(variant: InstanceVariant, model: ModelRow): VariantSpec {
  const document = JSON.parse(model.document) as { EnableNetworkIsolation?: boolean; VpcConfig?: VpcConfig }
  return {
    name: variant.VariantName,
    modelName: model.name,
    executionRoleArn: model.execution_role_arn ?? undefined,
    containers: hostedContainers(model),
    networkIsolation: document.EnableNetworkIsolation ?? false,
    vpcConfig: document.VpcConfig,
    instanceType: variant.InstanceType,
    initialInstanceCount: variant.InitialInstanceCount,
    initialWeight: variant.InitialVariantWeight,
    modelDataDownloadTimeoutSeconds: variant.ModelDataDownloadTimeoutInSeconds,
    startupTimeoutSeconds: variant.ContainerStartupHealthCheckTimeoutInSeconds,
    routingStrategy: variant.RoutingConfig?.RoutingStrategy,
  }
}
