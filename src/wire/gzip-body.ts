import { gunzipSync } from 'node:zlib'
import { serializationException } from './fault.ts'
import { ServiceError } from './service-error.ts'

/**
 * The body as it was before its client compressed it. `limit` is the largest that it may become, in bytes: a few
 * kilobytes can hold gigabytes of zeros.
 * @throws ServiceError when it is no gzip, or becomes too large
 */
export function unzipBody(body: Uint8Array, limit: number): Uint8Array {
  try {
    return gunzipSync(body, { maxOutputLength: limit })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ServiceError(
        'RequestEntityTooLargeException',
        `Request must be smaller than ${limit} bytes for the operation.`,
        { status: 413 },
      )
    }
    throw Object.assign(serializationException('The request body is not compressed with gzip, as its header says.'), {
      cause: error,
    })
  }
}

/** Whether the headers say that the body is compressed in the one way that services take. */
export const isGzipped = (headers: Readonly<Record<string, string | readonly string[] | undefined>>): boolean =>
  String(headers['content-encoding'] ?? '')
    .trim()
    .toLowerCase() === 'gzip'
