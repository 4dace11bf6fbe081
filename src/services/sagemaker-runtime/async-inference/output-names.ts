import { parseS3Location } from '../../../shared/s3-location.ts'
import type { ObjectPlace } from './async-request.ts'

/** The longest key that S3 takes, in bytes of UTF-8. */
const MOST_KEY_BYTES = 1_024

/** What decides where the results of a request go. */
export interface OutputNaming {
  /** `s3://bucket/prefix`; undefined when the config has no such path. */
  readonly outputPath: string | undefined
  readonly failurePath: string | undefined
  /** Folders below either path. */
  readonly extension: string | undefined
  /** The name that the caller wants the object to have. */
  readonly filename: string | undefined
  /** A name that no other request has. */
  readonly fresh: string
}

/**
 * Where a request's output goes, and where the text of its failure: `<path>/<extension>/<name>.out` and `…/<name>-error.out`.
 * A file name that the caller gives is taken as it is. Source: InvokeEndpointAsync (API reference).
 */
export function resultPlaces({ outputPath, failurePath, extension, filename, fresh }: OutputNaming): {
  readonly output: ObjectPlace | undefined
  readonly failure: ObjectPlace | undefined
} {
  return {
    output: outputPath === undefined ? undefined : within(outputPath, extension, filename ?? `${fresh}.out`),
    failure: failurePath === undefined ? undefined : within(failurePath, extension, `${filename ?? fresh}-error.out`),
  }
}

function within(path: string, extension: string | undefined, name: string): ObjectPlace | undefined {
  const place = parseS3Location(path)
  if (place === undefined) return undefined
  const folders = [place.key, extension ?? '']
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter((part) => part !== '')
  return { bucket: place.bucket, key: [...folders, name].join('/') }
}

/** Whether there could be no such object: its key is longer than S3 takes. */
export const isTooLong = (place: ObjectPlace | undefined): boolean =>
  place !== undefined && Buffer.byteLength(place.key) > MOST_KEY_BYTES
