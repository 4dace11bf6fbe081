import type { ListObjectsV2Output, ListObjectsV2Request } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { invalidArgument } from '../errors.ts'
import { owner } from '../owner.ts'
import type { S3Deps } from '../s3-deps.ts'
import { decodeToken, encodeToken, type ListPosition } from './continuation-token.ts'
import { positionBehind } from './key-scan.ts'
import { encoded, objectEntry, splitEntries } from './object-entry.ts'
import { listObjectPage, pageLimit } from './object-page.ts'
import { keyEncoding } from './url-encoding.ts'

/** Lists a bucket in pages that are joined by continuation tokens. */
export async function listObjectsV2(
  deps: S3Deps,
  input: ListObjectsV2Request,
  context: RequestContext,
): Promise<ListObjectsV2Output> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const encode = keyEncoding(input.EncodingType)
  const limit = pageLimit(input.MaxKeys, 'maxKeys')
  const page = await listObjectPage(deps.database, {
    bucket: bucket.name,
    prefix: input.Prefix ?? '',
    delimiter: input.Delimiter,
    after: startPosition(input),
    limit,
  })
  const { rows, commonPrefixes } = splitEntries(page.entries, encode)
  const last = page.entries.at(-1)
  return {
    Name: bucket.name,
    Prefix: encode(input.Prefix ?? ''),
    Delimiter: encoded(input.Delimiter, encode),
    StartAfter: encoded(input.StartAfter, encode),
    EncodingType: input.EncodingType,
    MaxKeys: limit,
    KeyCount: page.entries.length,
    IsTruncated: page.truncated,
    ContinuationToken: input.ContinuationToken,
    NextContinuationToken: page.truncated && last !== undefined ? encodeToken(positionBehind(last)) : undefined,
    Contents: rows.map((row) => ({
      ...objectEntry(row, encode),
      Owner: input.FetchOwner === true ? owner(bucket.account) : undefined,
    })),
    CommonPrefixes: commonPrefixes,
  }
}

/** A continuation token wins over StartAfter, which only speaks for the first page. */
function startPosition(input: ListObjectsV2Request): ListPosition | undefined {
  if (input.ContinuationToken === '') {
    throw invalidArgument('The continuation token provided is incorrect', 'continuation-token', '')
  }
  if (input.ContinuationToken !== undefined) return decodeToken(input.ContinuationToken)
  return input.StartAfter === undefined || input.StartAfter === ''
    ? undefined
    : { kind: 'key', value: input.StartAfter }
}
