import type {
  DataCaptureConfig,
  DataCaptureConfigSummary,
  DeployedImages,
  DeploymentConfig,
  DescribeEndpointOutput,
  EndpointStatus,
  PendingDeploymentSummary,
  ProductionVariantInstanceType,
  ProductionVariantStatusList,
  ProductionVariantSummary,
} from '../../../model/generated/sagemaker.ts'
import type { EndpointRow, EndpointVariantRow } from '../../../storage/schema/endpoints.ts'
import { endpointArn } from './endpoint-key.ts'
import type { EndpointSpec } from './endpoint-spec.ts'

/** What DescribeEndpoint shows of an endpoint's rows. While it is being created, its variants are a pending deployment. */
export function describeRows(row: EndpointRow, variants: readonly EndpointVariantRow[]): DescribeEndpointOutput {
  const spec = JSON.parse(row.spec) as EndpointSpec
  const creating = row.status === 'Creating'
  const summaries = variants.map((variant) => summarizeVariant(variant, spec))
  return {
    EndpointName: row.name,
    EndpointArn: endpointArn(row, row.name),
    EndpointConfigName: row.config_name,
    ProductionVariants: creating ? undefined : summaries,
    DataCaptureConfig: spec.dataCaptureConfig === undefined ? undefined : showCapture(spec.dataCaptureConfig),
    EndpointStatus: row.status as EndpointStatus,
    FailureReason: row.failure_reason ?? undefined,
    CreationTime: row.created_at,
    LastModifiedTime: row.modified_at,
    LastDeploymentConfig:
      row.deployment_config === null ? undefined : (JSON.parse(row.deployment_config) as DeploymentConfig),
    PendingDeploymentSummary: creating ? pendingDeployment(row, variants, summaries) : undefined,
    MetricsConfig: spec.metricsConfig,
  }
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
  row: EndpointRow,
  variants: readonly EndpointVariantRow[],
  summaries: readonly ProductionVariantSummary[],
): PendingDeploymentSummary => ({
  EndpointConfigName: row.config_name,
  StartTime: row.created_at,
  ProductionVariants: summaries.map(({ CapacityReservationConfig: _, ...summary }, index) => ({
    ...summary,
    InstanceType: variants[index]?.instance_type as ProductionVariantInstanceType,
  })),
})

/** Only a capture that is switched off is accepted. */
const showCapture = (capture: DataCaptureConfig): DataCaptureConfigSummary => ({
  EnableCapture: false,
  CaptureStatus: 'Stopped',
  CurrentSamplingPercentage: capture.InitialSamplingPercentage,
  DestinationS3Uri: capture.DestinationS3Uri,
  KmsKeyId: capture.KmsKeyId ?? '',
})
