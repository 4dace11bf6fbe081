import { hash } from 'node:crypto'
import type { Principal } from '../../../../access/principal.ts'
import { parseS3Location } from '../../../../shared/s3-location.ts'
import { ServiceError } from '../../../../wire/service-error.ts'
import type { S3Facade } from '../../../s3/facade.ts'
import type { ModelData } from '../../models/resolved-container.ts'
import { ContentError } from './content-error.ts'
import { inParallel } from './in-parallel.ts'
import { fileNameOf, layOutPrefix } from './model-layout.ts'
import type { UnpackLimits } from './unpack-messages.ts'

/** One object, pinned, and the file it becomes; an archive becomes a tree instead and has no path. */
export interface SourceObject {
  readonly key: string
  readonly etag: string
  readonly size: number
  readonly path: string
  /** Encrypted under a key of KMS: seeing it is one thing, reading it another. */
  readonly underKey: boolean
}

/** What model data is made of at this moment. */
export interface ModelSource {
  /** Names this content: the same bucket, keys and ETags give the same. Fit to be a file's name. */
  readonly fingerprint: string
  readonly form: ModelData['form']
  readonly bucket: string
  readonly objects: readonly SourceObject[]
  /** Of the objects as stored, in bytes. */
  readonly size: number
}

/** Part of the fingerprint: raise it when the same objects are laid out differently. */
const LAYOUT_VERSION = 1

/**
 * Looks model data up as `principal`, reading no content. Throws the ServiceErrors of S3 (missing, not allowed) and
 * ContentError (keys that cannot be files, over the limits).
 */
export async function inspectSource(
  s3: S3Facade,
  principal: Principal,
  data: ModelData,
  limits: UnpackLimits,
): Promise<ModelSource> {
  const location = parseS3Location(data.uri)
  if (location === undefined) throw new ServiceError('InvalidURI', `${data.uri} is no location in S3.`)
  const { bucket, key } = location
  if (data.form !== 'prefix') {
    const { etag, size, sseKmsKeyId } = await s3.headObject(principal, bucket, key)
    const path = data.form === 'object' ? fileNameOf(key) : ''
    return describe(data.form, bucket, [{ key, etag, size, path, underKey: sseKmsKeyId !== undefined }], limits)
  }
  const found: Omit<SourceObject, 'path'>[] = []
  for await (const { key: name, etag, size, sseKmsKeyId } of s3.listObjects(principal, bucket, key)) {
    if (found.length === limits.maximumEntries) {
      throw new ContentError('too-large', `The prefix holds more than ${limits.maximumEntries} objects.`)
    }
    found.push({ key: name, etag, size, underKey: sseKmsKeyId !== undefined })
  }
  if (found.length === 0) throw new ServiceError('NoSuchKey', 'There is no object under the prefix.', { status: 404 })
  return describe('prefix', bucket, layOutPrefix(key, found), limits)
}

/** Throws unless `principal` may read every object: what is in the cache is no more public than what it came from. */
export async function checkAccess(s3: S3Facade, principal: Principal, source: ModelSource): Promise<void> {
  await inParallel(16, source.objects, async ({ key, etag, underKey }) => {
    // Only opening it takes the key.
    if (underKey) (await s3.getObject(principal, source.bucket, key, { ifMatch: etag })).body.destroy()
    // inspectSource has just read the head of a single object as the same principal.
    else if (source.form === 'prefix') await s3.headObject(principal, source.bucket, key)
  })
}

function describe(
  form: ModelData['form'],
  bucket: string,
  objects: readonly SourceObject[],
  limits: UnpackLimits,
): ModelSource {
  const size = objects.reduce((sum, object) => sum + object.size, 0)
  if (size > limits.maximumBytes) {
    throw new ContentError('too-large', `The model data is larger than ${limits.maximumBytes} bytes.`)
  }
  const largest = form === 'archive' ? undefined : objects.find((object) => object.size > limits.maximumFileBytes)
  if (largest !== undefined) {
    throw new ContentError('too-large', `The model data has a file larger than ${limits.maximumFileBytes} bytes.`)
  }
  const identity = [LAYOUT_VERSION, form, bucket, objects.map((object) => [object.key, object.etag, object.size])]
  return { fingerprint: hash('sha256', JSON.stringify(identity), 'hex'), form, bucket, objects, size }
}
