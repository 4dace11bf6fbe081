import { createWriteStream } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Principal } from '../../../../access/principal.ts'
import { wait } from '../../../../shared/wait.ts'
import type { S3Facade } from '../../../s3/facade.ts'
import { readingError, storageError } from './content-error.ts'
import { inParallel } from './in-parallel.ts'
import { isTransientFetch } from './model-data-error.ts'
import type { ModelSource, SourceObject } from './model-source.ts'
import type { UnpackLimits } from './unpack-messages.ts'
import { unpackTarGz } from './unpack-tar-gz.ts'

export interface FetchOptions {
  readonly s3: S3Facade
  readonly principal: Principal
  readonly limits: UnpackLimits
  /** Pauses before further tries, in milliseconds. */
  readonly retryMilliseconds: readonly number[]
  readonly signal: AbortSignal
}

const PARALLEL_OBJECTS = 4

/**
 * Downloads model data as `principal` into `directory`, which must not exist yet. Each object must still have the ETag
 * it was inspected with (412 otherwise), also when it is tried again. What is left behind on failure is the caller's
 * to remove with the directory.
 */
export async function fetchModel(source: ModelSource, directory: string, options: FetchOptions): Promise<void> {
  const [first] = source.objects
  if (source.form === 'archive' && first !== undefined) {
    await withRetries(options, async () => {
      const body = await openObject(source, first, options)
      await unpackTarGz(body, directory, options)
    })
    return
  }
  await mkdir(directory)
  await chmod(directory, 0o755)
  await makeDirectories(directory, source.objects)
  await inParallel(PARALLEL_OBJECTS, source.objects, (object) =>
    withRetries(options, () => fetchFile(source, object, join(directory, object.path), options)),
  )
}

async function fetchFile(source: ModelSource, object: SourceObject, file: string, options: FetchOptions) {
  const body = await openObject(source, object, options)
  try {
    await pipeline(body, createWriteStream(file, { flags: 'wx', mode: 0o644 }), { signal: options.signal })
    // Whatever the server's umask: the container's user has to be able to read it.
    await chmod(file, 0o644)
  } catch (error) {
    await rm(file, { force: true })
    options.signal.throwIfAborted()
    throw storageError(error)
  }
}

/** The object's body, failing instead of ending when it is shorter than it should be. */
async function openObject(source: ModelSource, object: SourceObject, options: FetchOptions): Promise<Readable> {
  const { s3, principal, signal } = options
  const { key, etag, size } = object
  const { body } = await s3
    .getObject(principal, source.bucket, key, { ifMatch: etag, signal })
    .catch((error: unknown) => Promise.reject(readingError(error)))
  let received = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length
      done(null, chunk)
    },
    flush(done) {
      done(received === size ? null : new Error(`the object ended after ${received} of ${size} bytes`))
    },
  })
  // It may fail before anybody reads it; who reads it then meets the error.
  counted.on('error', () => {})
  body.on('error', (error) => counted.destroy(readingError(error) as Error))
  counted.on('close', () => body.destroy())
  return body.pipe(counted)
}

async function makeDirectories(root: string, objects: readonly SourceObject[]): Promise<void> {
  const made = new Set(['.'])
  const make = async (path: string): Promise<void> => {
    if (made.has(path)) return
    await make(dirname(path))
    made.add(path)
    await mkdir(join(root, path))
    await chmod(join(root, path), 0o755)
  }
  for (const { path } of objects) await make(dirname(path))
}

async function withRetries(options: FetchOptions, work: () => Promise<void>): Promise<void> {
  const { retryMilliseconds, signal } = options
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const pause = retryMilliseconds[attempt]
      if (signal.aborted || pause === undefined || !isTransientFetch(error)) throw error
      await wait(pause, signal)
    }
  }
}
