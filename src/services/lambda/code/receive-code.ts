import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { FunctionCode } from '../../../model/generated/lambda.ts'
import { notImplemented, ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import { codeTooLarge, invalidParameterValue } from '../errors.ts'
import type { FunctionCodeSource } from '../functions/function-record.ts'
import { resolveImage } from './image-code.ts'
import { BadZipError, checkZip } from './zip-archive.ts'

/**
 * Takes a function's code from where the request says: the request itself, S3, or a container image. A zip is checked to
 * its last byte and stored; nothing refers to it until the function's row is committed.
 */
export async function receiveCode(
  deps: Pick<LambdaDeps, 'blobs' | 's3' | 'limits'>,
  code: FunctionCode,
  packageType: 'Zip' | 'Image',
  operation: string,
  context: RequestContext,
): Promise<FunctionCodeSource> {
  if (code.SourceKMSKeyArn !== undefined) throw notImplemented('SourceKMSKeyArn')
  if (code.S3ObjectVersion !== undefined) throw notImplemented('S3ObjectVersion')
  const { ZipFile: zip, S3Bucket: bucket, S3Key: key, ImageUri: image } = code
  if (packageType === 'Image') {
    if (image === undefined || zip !== undefined || bucket !== undefined || key !== undefined) {
      throw invalidParameterValue('Please provide ImageUri, and no other source of code, when PackageType is Image.')
    }
    return resolveImage(image)
  }
  if (image !== undefined) throw invalidParameterValue('Please set PackageType to Image when providing an ImageUri.')
  if (zip !== undefined) {
    if (bucket !== undefined || key !== undefined) {
      throw invalidParameterValue('Please do not provide other FunctionCode parameters when providing a ZipFile.')
    }
    if (zip.length === 0) throw invalidParameterValue('Uploaded file must be a non-empty zip')
    if (zip.length > deps.limits.zippedBytes) throw codeTooLarge(deps.limits.zippedBytes, operation)
    return storeZip(deps, (file) => writeFile(file, zip, { flag: 'wx', mode: 0o600 }))
  }
  if (bucket === undefined || key === undefined)
    throw invalidParameterValue('Please provide a source for function code.')
  return storeZip(deps, (file) => download(deps, bucket, key, file, context))
}

/** Writes the zip to a file, checks it there, and moves it into the blob store. */
async function storeZip(
  { blobs, limits }: Pick<LambdaDeps, 'blobs' | 'limits'>,
  write: (file: string) => Promise<void>,
): Promise<FunctionCodeSource> {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-zip-'))
  try {
    const file = join(folder, 'code.zip')
    await write(file)
    await checkZip(file, limits)
    const { blobId, size, digests } = await blobs.write(createReadStream(file), { digests: ['SHA256'] })
    return { type: 'Zip', blob: blobId, size, sha256: Buffer.from(digests.SHA256).toString('base64') }
  } catch (error) {
    if (error instanceof BadZipError) throw invalidParameterValue(error.message)
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function download(
  { s3, limits }: Pick<LambdaDeps, 's3' | 'limits'>,
  bucket: string,
  key: string,
  file: string,
  { principal, signal }: RequestContext,
): Promise<void> {
  try {
    const object = await s3.getObject(principal, bucket, key, { signal })
    if (object.size > limits.unzippedBytes) {
      object.body.destroy()
      throw invalidParameterValue(`Unzipped size must be smaller than ${limits.unzippedBytes} bytes`)
    }
    await pipeline(object.body, createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal })
  } catch (error) {
    if (error instanceof ServiceError && error.code !== 'InvalidParameterValueException' && error.status < 500) {
      throw invalidParameterValue(
        `Error occurred while GetObject. S3 Error Code: ${error.code}. S3 Error Message: ${error.message}`,
      )
    }
    throw error
  }
}
