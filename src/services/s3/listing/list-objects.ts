import type { ListObjectsOutput, ListObjectsRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { owner } from '../owner.ts'
import type { S3Deps } from '../s3-deps.ts'
import { positionBehind } from './key-scan.ts'
import { encoded, objectEntry, splitEntries } from './object-entry.ts'
import { listObjectPage, pageLimit } from './object-page.ts'
import { keyEncoding } from './url-encoding.ts'

/** The first version of the list: pages are joined by markers, which are keys or common prefixes. */
export async function listObjects(
  deps: S3Deps,
  input: ListObjectsRequest,
  context: RequestContext,
): Promise<ListObjectsOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const encode = keyEncoding(input.EncodingType)
  const marker = input.Marker ?? ''
  const limit = pageLimit(input.MaxKeys, 'maxKeys')
  const page = await listObjectPage(deps.database, {
    bucket: bucket.name,
    prefix: input.Prefix ?? '',
    delimiter: input.Delimiter,
    after: marker === '' ? undefined : { kind: 'key', value: marker },
    limit,
    // A marker may be the common prefix that ended the page before, or lie inside one.
    hiddenPrefix: (commonPrefix) => marker.startsWith(commonPrefix),
  })
  const { rows, commonPrefixes } = splitEntries(page.entries, encode)
  const last = page.entries.at(-1)
  const showNext = page.truncated && last !== undefined && encoded(input.Delimiter, encode) !== undefined
  return {
    Name: bucket.name,
    Prefix: encode(input.Prefix ?? ''),
    Delimiter: encoded(input.Delimiter, encode),
    Marker: encode(marker),
    // Without a delimiter the last key of the page serves as the marker, and S3 leaves this out.
    NextMarker: showNext ? encode(positionBehind(last).value) : undefined,
    EncodingType: input.EncodingType,
    MaxKeys: limit,
    IsTruncated: page.truncated,
    Contents: rows.map((row) => ({ ...objectEntry(row, encode), Owner: owner(bucket.account) })),
    CommonPrefixes: commonPrefixes,
  }
}
