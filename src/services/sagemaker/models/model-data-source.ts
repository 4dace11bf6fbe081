import type { ContainerDefinition, ModelPackageContainerDefinition } from '../../../model/generated/sagemaker.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { bothModelData, compressedPrefix, eulaNotAccepted, noS3Location, prefixWithoutSlash } from './errors.ts'

/** An object, or with an empty or `/`-ended key a prefix, in S3. */
export interface S3Location {
  readonly bucket: string
  readonly key: string
}

/**
 * Reads `s3://bucket/key` and S3's two https forms: `https://s3.<region>.amazonaws.com/bucket/key` and
 * `https://bucket.s3.<region>.amazonaws.com/key`. Undefined for anything else.
 */
export function parseS3Location(uri: string): S3Location | undefined {
  // Not `new URL`: keys may hold `?`, `#`, `%` and `..`, and all of them mean themselves.
  const match = /^(s3|https):\/\/([^/]+)\/?(.*)$/s.exec(uri)
  if (match === null) return undefined
  const [, scheme, authority = '', path = ''] = match
  if (scheme === 's3') return { bucket: authority, key: path }
  const host = /^(?:(.+)\.)?s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?$/.exec(authority)
  if (host === null) return undefined
  if (host[1] !== undefined) return { bucket: host[1], key: path }
  const [bucket = '', ...key] = path.split('/')
  return bucket === '' ? undefined : { bucket, key: key.join('/') }
}

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
