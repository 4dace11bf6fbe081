import type {
  DataCaptureConfig,
  DataCaptureConfigSummary,
  DeployedImages,
  DeploymentConfig,
  DescribeEndpointOutput,
  EndpointStatus,
  PendingDeploymentSummary,
  ProductionVariantInstanceType,
  ProductionVariantStatus,
  ProductionVariantStatusList,
  ProductionVariantSummary,
} from '../../../model/generated/sagemaker.ts'
import type { EndpointDeploymentRow, EndpointRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import { endpointArn } from './endpoint-key.ts'
import type { EndpointSpec } from './endpoint-spec.ts'

/**
 * What DescribeEndpoint shows of an endpoint's rows. While it is created, its variants are a pending deployment; while it is
 * updated, those of the fleet that comes in are.
 */
export function describeRows(
  row: EndpointRow,
  variants: readonly EndpointVariantRow[],
  deployments: readonly EndpointDeploymentRow[],
): DescribeEndpointOutput {
  const spec = JSON.parse(row.spec) as EndpointSpec
  const creating = row.status === 'Creating'
  const own = variants.filter(({ fleet }) => fleet === row.fleet)
  const update = deployments.find(({ kind, phase }) => kind === 'fleet' && phase !== 'Stuck')
  return {
    EndpointName: row.name,
    EndpointArn: endpointArn(row, row.name),
    EndpointConfigName: row.config_name,
    ProductionVariants: creating ? undefined : own.map((variant) => summarizeVariant(variant, spec)),
    DataCaptureConfig: spec.dataCaptureConfig === undefined ? undefined : showCapture(spec.dataCaptureConfig),
    EndpointStatus: row.status as EndpointStatus,
    FailureReason: row.failure_reason ?? undefined,
    CreationTime: row.created_at,
    LastModifiedTime: row.modified_at,
    LastDeploymentConfig:
      row.deployment_config === null ? undefined : (JSON.parse(row.deployment_config) as DeploymentConfig),
    PendingDeploymentSummary: creating
      ? pendingDeployment(row.config_name, row.created_at, own, spec)
      : pendingUpdate(update, variants),
    AsyncInferenceConfig: spec.asyncInferenceConfig,
    MetricsConfig: spec.metricsConfig,
  }
}

/**
 * What the instances of an endpoint wait for while the container engine is away, told beside each variant that lacks or loses some.
 * Those of an endpoint that has failed wait for nothing.
 */
export function withEngineProblem(output: DescribeEndpointOutput, problem: string | undefined): DescribeEndpointOutput {
  if (problem === undefined || output.EndpointStatus === 'Failed') return output
  const message = `Instances wait for the container engine. ${problem}`
  const told = <Variant extends ProductionVariantSummary>(variants: readonly Variant[] | undefined) =>
    variants?.map((variant) => {
      const { EndpointStatus: status } = output
      const settled = variant.CurrentInstanceCount === variant.DesiredInstanceCount
      if (settled && status !== 'Deleting') return variant
      const Status = status === 'Creating' || status === 'Deleting' ? status : 'Updating'
      const waiting: ProductionVariantStatus = { Status, StatusMessage: message.slice(0, MAX_STATUS_MESSAGE) }
      return { ...variant, VariantStatus: [...(variant.VariantStatus ?? []), waiting] }
    })
  const { ProductionVariants, PendingDeploymentSummary: pending } = output
  return {
    ...output,
    ProductionVariants: told(ProductionVariants),
    PendingDeploymentSummary: pending && { ...pending, ProductionVariants: told(pending.ProductionVariants) },
  }
}

/** Source: the API's limit of StatusMessage. */
const MAX_STATUS_MESSAGE = 1024

function pendingUpdate(
  update: EndpointDeploymentRow | undefined,
  variants: readonly EndpointVariantRow[],
): PendingDeploymentSummary | undefined {
  if (update?.config_name == null || update.spec === null) return undefined
  const incoming = variants.filter(({ fleet }) => fleet === update.fleet)
  return pendingDeployment(update.config_name, update.started_at, incoming, JSON.parse(update.spec) as EndpointSpec)
}

function summarizeVariant(row: EndpointVariantRow, spec: EndpointSpec): ProductionVariantSummary {
  const routing = spec.variants.find(({ name }) => name === row.variant_name)?.routingStrategy
  return {
    VariantName: row.variant_name,
    DeployedImages: row.deployed_images === null ? undefined : (JSON.parse(row.deployed_images) as DeployedImages),
    CurrentWeight: row.current_weight ?? undefined,
    DesiredWeight: row.desired_weight,
    CurrentInstanceCount: row.current_instance_count ?? undefined,
    DesiredInstanceCount: row.desired_instance_count,
    VariantStatus:
      row.variant_status === null ? undefined : (JSON.parse(row.variant_status) as ProductionVariantStatusList),
    RoutingConfig: routing === undefined || routing === 'RANDOM' ? undefined : { RoutingStrategy: routing },
  }
}

const pendingDeployment = (
  config: string,
  since: number,
  variants: readonly EndpointVariantRow[],
  spec: EndpointSpec,
): PendingDeploymentSummary => ({
  EndpointConfigName: config,
  StartTime: since,
  ProductionVariants: variants.map((variant) => {
    const { CapacityReservationConfig: _, ...summary } = summarizeVariant(variant, spec)
    return { ...summary, InstanceType: variant.instance_type as ProductionVariantInstanceType }
  }),
})

/** Only a capture that is switched off is accepted. */
const showCapture = (capture: DataCaptureConfig): DataCaptureConfigSummary => ({
  EnableCapture: false,
  CaptureStatus: 'Stopped',
  CurrentSamplingPercentage: capture.InitialSamplingPercentage,
  DestinationS3Uri: capture.DestinationS3Uri,
  KmsKeyId: capture.KmsKeyId ?? '',
})
