import type {
  AsyncInferenceConfig,
  DataCaptureConfig,
  MetricsConfig,
  VpcConfig,
} from '../../../model/generated/sagemaker.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'

/** What an endpoint is to be: a snapshot of its config and its models, so that neither needs to exist any longer. */
export interface EndpointSpec {
  /** In the order of the config. How many instances and what weight each wants is in endpoint_variants. */
  readonly variants: readonly VariantSpec[]
  /** Only for showing: a capture that is switched on is not accepted. */
  readonly dataCaptureConfig: DataCaptureConfig | undefined
  readonly metricsConfig: MetricsConfig | undefined
  /** Makes the endpoint an asynchronous one. */
  readonly asyncInferenceConfig?: AsyncInferenceConfig
}

export interface VariantSpec {
  readonly name: string
  /** `ml.…` */
  readonly instanceType: string
  readonly modelName: string
  /** What everything done for the model is done as; undefined only when nothing needs a role. */
  readonly executionRoleArn: string | undefined
  /** At least one. Of several each instance has all. */
  readonly containers: readonly ResolvedContainer[]
  /** How requests go to several containers; Serial when undefined. */
  readonly executionMode?: 'Serial' | 'Direct'
  readonly networkIsolation: boolean
  readonly vpcConfig: VpcConfig | undefined
  readonly routingStrategy: 'RANDOM' | 'LEAST_OUTSTANDING_REQUESTS'
  /** ModelDataDownloadTimeoutInSeconds; the platform's default when undefined. */
  readonly modelDataDownloadSeconds: number | undefined
  /** ContainerStartupHealthCheckTimeoutInSeconds; the platform's default when undefined. */
  readonly startupHealthCheckSeconds: number | undefined
}
