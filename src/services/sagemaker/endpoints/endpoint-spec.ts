import type { ResolvedContainer } from '../models/resolved-container.ts'

/** What an endpoint is to be: a snapshot of its config and its models, so that neither needs to exist any longer. */
export interface EndpointSpec {
  /** In the order of the config. How many instances and what weight each wants is in endpoint_variants. */
  readonly variants: readonly VariantSpec[]
}

export interface VariantSpec {
  readonly name: string
  readonly instanceType: string
  readonly modelName: string
  readonly executionRoleArn: string | undefined
  readonly containers: readonly ResolvedContainer[]
  readonly networkIsolation: boolean
  readonly routingStrategy: 'RANDOM' | 'LEAST_OUTSTANDING_REQUESTS'
  /** ModelDataDownloadTimeoutInSeconds; the platform's default when undefined. */
  readonly modelDataDownloadSeconds: number | undefined
  /** ContainerStartupHealthCheckTimeoutInSeconds; the platform's default when undefined. */
  readonly startupHealthCheckSeconds: number | undefined
}
