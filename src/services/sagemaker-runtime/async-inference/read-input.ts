import type { Principal } from '../../../access/principal.ts'
import type { RequestBody } from '../../../dataplane/upstream/connection.ts'
import { parseS3Location } from '../../../shared/s3-location.ts'
import { BlobCorruptError, BlobMissingError } from '../../../storage/blobs/blob-store.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { AsyncDeps } from './async-deps.ts'
import type { ClaimedRequest } from './async-request.ts'
import { openBody } from './request-body.ts'
import { downloadFailed } from './request-failure.ts'

/** The largest input and the largest answer, in bytes. Source: "Asynchronous inference" (developer guide). */
export const MOST_PAYLOAD_BYTES = 1024 ** 3

/** What goes to the container. */
export interface Input {
  readonly body: RequestBody
  /** Bytes. */
  readonly size: number
  /** The object's own, where it was read from one. */
  readonly contentType: string | undefined
}

/** An input that was read before anybody worked on its request. */
export interface ReadInput {
  readonly input: Input
  /** What the read took, in milliseconds. */
  readonly took: number
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
    const { body, size, contentType } = await s3.getObject(principal, place.bucket, place.key, { signal })
    // It may break before the connection that takes it has been made, when nobody listens yet.
    body.on('error', () => {})
    if (size > MOST_PAYLOAD_BYTES) {
      body.destroy()
      throw downloadFailed(inputLocation, `it is larger than ${MOST_PAYLOAD_BYTES} bytes.`)
    }
    return { body: { kind: 'stream', stream: body, chunked: false }, size, contentType: known(contentType) }
  } catch (error) {
    throw inputTrouble(error, inputLocation)
  }
}

/**
 * The inputs of many requests that are small objects, by the requests' ids, each bucket's in one read. Whatever else one is, and
 * whatever is wrong with it, is seen by `readInput`.
 */
export async function readSmallInputs(
  { s3 }: Pick<AsyncDeps, 's3'>,
  requests: readonly ClaimedRequest[],
  principal: Principal,
): Promise<ReadonlyMap<string, ReadInput>> {
  const places = requests.flatMap(({ requestId, document: { inputLocation } }) => {
    const place = inputLocation === undefined ? undefined : parseS3Location(inputLocation)
    return place === undefined ? [] : [{ requestId, ...place }]
  })
  const inputs = new Map<string, ReadInput>()
  for (const [bucket, wanted] of Map.groupBy(places, (place) => place.bucket)) {
    const keys = wanted.map(({ key }) => key)
    const opening = performance.now()
    const objects = await s3.readSmallObjects(principal, bucket, keys)
    const took = performance.now() - opening
    for (const { requestId, key } of wanted) {
      const object = objects.get(key)
      if (object === undefined) continue
      const { bytes, size, contentType } = object
      const body = { kind: 'collected', chunks: [bytes] } as const
      inputs.set(requestId, { input: { body, size, contentType: known(contentType) }, took })
    }
  }
  return inputs
}

const known = (contentType: string): string | undefined => (contentType === '' ? undefined : contentType)

/** What S3 refuses is an answer, and so are bytes that will never be right again; what broke while asking is not. */
export function inputTrouble(error: unknown, location: string): unknown {
  if (error instanceof ServiceError && error.status < 500) return downloadFailed(location, error.message)
  if (error instanceof BlobMissingError) return downloadFailed(location, 'what is stored of it is gone.')
  if (error instanceof BlobCorruptError) return downloadFailed(location, 'what is stored of it is damaged.')
  return error
}
