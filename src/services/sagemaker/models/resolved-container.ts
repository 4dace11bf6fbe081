import type { ContainerDefinition, ModelPackageContainerDefinition } from '../../../model/generated/sagemaker.ts'

/** One container of a model with everything hosting needs, whatever becomes of the package it came from. */
export interface ResolvedContainer {
  /** Its name in a pipeline; undefined for a lone container. */
  readonly hostname: string | undefined
  /** As the model or its package names it: `host/repository:tag` or `…@sha256:…`. */
  readonly image: string
  /** `sha256:…` that the package pins the image to. */
  readonly imageDigest: string | undefined
  /** `Vpc` for a private registry, reached with what the function returns when there is one. */
  readonly repositoryAccessMode: 'Platform' | 'Vpc'
  readonly credentialsProviderArn: string | undefined
  readonly modelData: ModelData | undefined
  readonly environment: Readonly<Record<string, string>>
  /** The version or package it was made from. */
  readonly modelPackageArn: string | undefined
}

/** Where a container's model data lies and what is done with it. */
export interface ModelData {
  /** As the caller wrote it, for error texts: `s3://…` or `https://…`. */
  readonly uri: string
  /** A .tar.gz to unpack, one object to place as a file, or every object under the prefix `uri`. */
  readonly form: 'archive' | 'object' | 'prefix'
  /** The object must still have this ETag. */
  readonly etag: string | undefined
}

/** The model data of a container that has passed `checkModelData`. */
export function modelDataOf(
  container: Pick<ContainerDefinition | ModelPackageContainerDefinition, 'ModelDataUrl' | 'ModelDataSource'>,
): ModelData | undefined {
  const source = container.ModelDataSource?.S3DataSource
  if (source !== undefined) {
    const form = source.S3DataType === 'S3Prefix' ? 'prefix' : source.CompressionType === 'Gzip' ? 'archive' : 'object'
    return { uri: source.S3Uri, form, etag: source.ETag }
  }
  if (container.ModelDataUrl === undefined) return undefined
  return { uri: container.ModelDataUrl, form: 'archive', etag: undefined }
}
