import { invalidArgument } from '../errors.ts'
import { checkKey, checkVersionId } from './object-key.ts'

export interface CopySource {
  readonly bucket: string
  readonly key: string
}

/**
 * Reads `x-amz-copy-source`: `bucket/key` or `/bucket/key`, percent-encoded, perhaps with `?versionId=`.
 * Access point ARNs are not buckets here and are refused as malformed.
 */
export function parseCopySource(header: string): CopySource {
  const malformed = () =>
    invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
      header,
    )
  const version = /\?versionId=([^?]*)$/.exec(header)
  const path = version === null ? header : header.slice(0, version.index)
  const decoded = decode(path)
  if (decoded === undefined) throw malformed()
  const match = /^\/?([^/]+)\/(.+)$/s.exec(decoded)
  if (match === null || match[1]!.startsWith('arn:')) throw malformed()
  checkVersionId(version === null ? undefined : decode(version[1]!))
  checkKey(match[2]!)
  return { bucket: match[1]!, key: match[2]! }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
