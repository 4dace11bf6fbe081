import type { ListObjectVersionsOutput, ListObjectVersionsRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { invalidArgument } from '../errors.ts'
import { owner } from '../owner.ts'
import type { S3Deps } from '../s3-deps.ts'
import { positionBehind } from './key-scan.ts'
import { encoded, objectEntry, splitEntries } from './object-entry.ts'
import { listObjectPage, pageLimit } from './object-page.ts'
import { keyEncoding } from './url-encoding.ts'

/** Without versioning every object is listed as its only version, `null`: tools that empty a bucket list it this way. */
export async function listObjectVersions(
  deps: S3Deps,
  input: ListObjectVersionsRequest,
  context: RequestContext,
): Promise<ListObjectVersionsOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const encode = keyEncoding(input.EncodingType)
  const marker = input.KeyMarker ?? ''
  if (input.VersionIdMarker && marker === '') {
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      input.VersionIdMarker,
    )
  }
  const limit = pageLimit(input.MaxKeys, 'maxKeys')
  const page = await listObjectPage(deps.database, {
    bucket: bucket.name,
    prefix: input.Prefix ?? '',
    delimiter: input.Delimiter,
    after: marker === '' ? undefined : { kind: 'key', value: marker },
    limit,
    hiddenPrefix: (commonPrefix) => marker.startsWith(commonPrefix),
  })
  const { rows, commonPrefixes } = splitEntries(page.entries, encode)
  const last = page.entries.at(-1)
  const next = page.truncated ? last : undefined
  return {
    Name: bucket.name,
    Prefix: encode(input.Prefix ?? ''),
    Delimiter: encoded(input.Delimiter, encode),
    KeyMarker: encode(marker),
    VersionIdMarker: input.VersionIdMarker ?? '',
    NextKeyMarker: next === undefined ? undefined : encode(positionBehind(next).value),
    NextVersionIdMarker: next !== undefined && 'row' in next ? 'null' : undefined,
    EncodingType: input.EncodingType,
    MaxKeys: limit,
    IsTruncated: page.truncated,
    Versions: rows.map((row) => ({
      ...objectEntry(row, encode),
      StorageClass: row.storage_class as 'STANDARD',
      VersionId: 'null',
      IsLatest: true,
      Owner: owner(bucket.account),
    })),
    CommonPrefixes: commonPrefixes,
  }
}
