import type { ContainerDefinition, ModelPackageContainerDefinition } from '../../../model/generated/sagemaker.ts'
import { parseS3Location } from '../../../shared/s3-location.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { bothModelData, compressedPrefix, eulaNotAccepted, noS3Location, prefixWithoutSlash } from './errors.ts'

type DataMembers = Pick<
  ContainerDefinition & ModelPackageContainerDefinition,
  'ModelDataUrl' | 'ModelDataSource' | 'AdditionalModelDataSources' | 'AdditionalS3DataSource'
>

/** Refuses model data that contradicts itself or needs what is not implemented. */
export function checkModelData(container: DataMembers): void {
  const source = container.ModelDataSource?.S3DataSource
  const { ModelDataUrl: url, AdditionalModelDataSources: additional = [] } = container
  if (url !== undefined && source !== undefined) throw bothModelData()
  if (additional.length > 0) throw notImplemented('AdditionalModelDataSources')
  if (container.AdditionalS3DataSource !== undefined) throw notImplemented('AdditionalS3DataSource')
  const uri = source?.S3Uri ?? url
  if (uri === undefined) return
  const location = parseS3Location(uri)
  if (location === undefined || (location.key === '' && source?.S3DataType !== 'S3Prefix')) throw noS3Location(uri)
  if (source === undefined) return
  if (source.HubAccessConfig !== undefined) throw notImplemented('HubAccessConfig')
  if (source.ManifestS3Uri !== undefined) throw notImplemented('ManifestS3Uri')
  if (source.ModelAccessConfig?.AcceptEula === false) throw eulaNotAccepted(uri)
  if (source.S3DataType !== 'S3Prefix') return
  if (source.CompressionType === 'Gzip') throw compressedPrefix(uri)
  if (!uri.endsWith('/')) throw prefixWithoutSlash(uri)
}
