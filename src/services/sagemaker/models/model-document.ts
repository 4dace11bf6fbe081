import type { ContainerDefinition, CreateModelInput, DescribeModelOutput } from '../../../model/generated/sagemaker.ts'
import type { ModelRow } from '../../../storage/schema/sagemaker.ts'
import { sagemakerArn } from '../resource-name.ts'
import type { ResolvedContainer } from './resolved-container.ts'

type ModelDocument = Pick<
  DescribeModelOutput,
  'PrimaryContainer' | 'Containers' | 'InferenceExecutionConfig' | 'VpcConfig' | 'EnableNetworkIsolation'
>

/** What DescribeModel shows of a new model: containers made from a package carry its ARN beside what it stood for. */
export function documentOf(
  input: CreateModelInput,
  entries: readonly ContainerDefinition[],
  containers: readonly ResolvedContainer[],
): ModelDocument {
  // Entries and containers pair up unless a package stood for several; then its entry stands for none of them alone.
  const paired = entries.length === containers.length
  const shown = containers.map((container, index) => showContainer(container, paired ? entries[index] : undefined))
  const lone = input.PrimaryContainer !== undefined && shown.length === 1
  return {
    PrimaryContainer: lone ? shown[0] : undefined,
    Containers: lone ? undefined : shown,
    InferenceExecutionConfig: input.InferenceExecutionConfig,
    VpcConfig: input.VpcConfig,
    EnableNetworkIsolation: input.EnableNetworkIsolation ?? false,
  }
}

function showContainer(container: ResolvedContainer, entry: ContainerDefinition | undefined): ContainerDefinition {
  const { modelData: data, credentialsProviderArn: provider, repositoryAccessMode: mode } = container
  const url = data?.form === 'archive' && data.etag === undefined ? data.uri : undefined
  return {
    ContainerHostname: container.hostname,
    Image: container.image,
    ImageConfig:
      entry?.ImageConfig ??
      (mode === 'Platform'
        ? undefined
        : {
            RepositoryAccessMode: mode,
            RepositoryAuthConfig: provider === undefined ? undefined : { RepositoryCredentialsProviderArn: provider },
          }),
    Mode: 'SingleModel',
    ModelDataUrl: entry?.ModelDataUrl ?? (entry?.ModelDataSource === undefined ? url : undefined),
    ModelDataSource: entry?.ModelDataSource ?? (url === undefined && data !== undefined ? showSource(data) : undefined),
    Environment: { ...container.environment },
    ModelPackageName: container.modelPackageArn,
    InferenceSpecificationName: entry?.InferenceSpecificationName,
  }
}

const showSource = (data: NonNullable<ResolvedContainer['modelData']>): ContainerDefinition['ModelDataSource'] => ({
  S3DataSource: {
    S3Uri: data.uri,
    S3DataType: data.form === 'prefix' ? 'S3Prefix' : 'S3Object',
    CompressionType: data.form === 'archive' ? 'Gzip' : 'None',
    ETag: data.etag,
  },
})

/** The whole description. */
export const describe = (row: ModelRow): DescribeModelOutput => ({
  ...(JSON.parse(row.document) as ModelDocument),
  ModelName: row.name,
  ModelArn: sagemakerArn(row, 'model', row.name),
  ExecutionRoleArn: row.execution_role_arn ?? undefined,
  CreationTime: row.created_at,
})
