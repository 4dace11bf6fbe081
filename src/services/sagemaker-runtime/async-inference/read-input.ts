import type { Principal } from '../../../access/principal.ts'
import type { RequestBody } from '../../../dataplane/upstream/connection.ts'
import { parseS3Location } from '../../../shared/s3-location.ts'
import { BlobCorruptError, BlobMissingError } from '../../../storage/blobs/blob-store.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { AsyncDeps } from './async-deps.ts'
import type { ClaimedRequest } from './async-request.ts'
import { openBody } from './request-body.ts'
import { downloadFailed } from './request-failure.ts'

/** The largest input and the largest answer, in bytes. Source: async-inference reference §4. */
export const MOST_PAYLOAD_BYTES = 1024 ** 3

/** What goes to the container. */
export interface Input {
  readonly body: RequestBody
  /** Bytes. */
  readonly size: number
  /** The object's own, where it was read from one. */
  readonly contentType: string | undefined
}

/**
 * Opens the input of a request, as the execution role. The object is read as the container takes it.
 * @throws RequestFailure when it cannot be had; anything else means that it could not be tried
 */
export async function readInput(
  { queue, box, s3 }: AsyncDeps,
  { requestId, document: { inputLocation } }: ClaimedRequest,
  principal: Principal,
  signal: AbortSignal,
): Promise<Input> {
  if (inputLocation === undefined) {
    const row = await queue.body(requestId)
    const bytes = row === undefined ? undefined : openBody(box, row)
    if (bytes === undefined) throw downloadFailed('that came with the request', 'it is not what was stored.')
    return { body: { kind: 'collected', chunks: [bytes] }, size: bytes.length, contentType: undefined }
  }
  const place = parseS3Location(inputLocation)
  if (place === undefined) throw downloadFailed(inputLocation, 'it names no object.')
  try {
    const { body, size, contentType: type } = await s3.readObject(principal, place.bucket, place.key, { signal })
    const contentType = type === '' ? undefined : type
    if (body instanceof Uint8Array) return { body: { kind: 'collected', chunks: [body] }, size, contentType }
    // It may break before the connection that takes it has been made, when nobody listens yet.
    body.on('error', () => {})
    if (size > MOST_PAYLOAD_BYTES) {
      body.destroy()
      throw downloadFailed(inputLocation, `it is larger than ${MOST_PAYLOAD_BYTES} bytes.`)
    }
    return { body: { kind: 'stream', stream: body, chunked: false }, size, contentType }
  } catch (error) {
    throw inputTrouble(error, inputLocation)
  }
}

/** What S3 refuses is an answer, and so are bytes that will never be right again; what broke while asking is not. */
export function inputTrouble(error: unknown, location: string): unknown {
  if (error instanceof ServiceError && error.status < 500) return downloadFailed(location, error.message)
  if (error instanceof BlobMissingError) return downloadFailed(location, 'what is stored of it is gone.')
  if (error instanceof BlobCorruptError) return downloadFailed(location, 'what is stored of it is damaged.')
  return error
}
