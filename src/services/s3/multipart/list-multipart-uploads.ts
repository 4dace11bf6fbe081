import type { ListMultipartUploadsOutput, ListMultipartUploadsRequest } from '../../../model/generated/s3.ts'
import type { UploadRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { afterPrefix, compareKeys } from '../listing/key-order.ts'
import { type Cursor, positionBehind, scanKeys } from '../listing/key-scan.ts'
import { encoded, splitEntries } from '../listing/object-entry.ts'
import { pageLimit } from '../listing/object-page.ts'
import { keyEncoding } from '../listing/url-encoding.ts'
import { initiator, owner } from '../owner.ts'
import type { S3Deps } from '../s3-deps.ts'

/** Behind an upload of a key; without an upload id, behind all uploads of that key. */
type Position = { readonly key: string; readonly upload_id: string | undefined }

/** The uploads in progress in a bucket, by key and then by id. */
export async function listMultipartUploads(
  deps: S3Deps,
  input: ListMultipartUploadsRequest,
  context: RequestContext,
): Promise<ListMultipartUploadsOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  const encode = keyEncoding(input.EncodingType)
  const prefix = input.Prefix ?? ''
  const keyMarker = input.KeyMarker ?? ''
  const limit = pageLimit(input.MaxUploads, 'max-uploads')
  const end = afterPrefix(prefix)
  const read = (cursor: Cursor<Position>, count: number): Promise<UploadRow[]> => {
    let query = deps.database.query.selectFrom('s3_uploads').selectAll().where('bucket', '=', bucket.name)
    if (end !== undefined) query = query.where('key', '<', end)
    if ('at' in cursor) query = query.where('key', '>=', cursor.at)
    else {
      const { key, upload_id } = cursor.behind
      query = query.where((eb) =>
        upload_id === undefined
          ? eb('key', '>', key)
          : eb.and([
              eb('key', '>=', key),
              eb.or([eb('key', '>', key), eb.and([eb('key', '=', key), eb('upload_id', '>', upload_id)])]),
            ]),
      )
    }
    return query.orderBy('key').orderBy('upload_id').limit(count).execute()
  }
  const page = await scanKeys<UploadRow & Position, Position>({
    prefix,
    delimiter: input.Delimiter,
    start:
      keyMarker === '' || compareKeys(keyMarker, prefix) < 0
        ? { at: prefix }
        : { behind: { key: keyMarker, upload_id: input.UploadIdMarker || undefined } },
    hiddenPrefix: (commonPrefix) => keyMarker.startsWith(commonPrefix),
    limit,
    read,
  })
  const { rows, commonPrefixes } = splitEntries(page.entries, encode)
  const last = page.truncated ? page.entries.at(-1) : undefined
  return {
    Bucket: bucket.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: input.UploadIdMarker ?? '',
    NextKeyMarker: last === undefined ? undefined : encode(positionBehind(last).value),
    NextUploadIdMarker: last === undefined ? undefined : 'row' in last ? last.row.upload_id : '',
    Prefix: encode(prefix),
    Delimiter: encoded(input.Delimiter, encode),
    EncodingType: input.EncodingType,
    MaxUploads: limit,
    IsTruncated: page.truncated,
    Uploads: rows.map((row) => ({
      UploadId: row.upload_id,
      Key: encode(row.key),
      Initiated: row.initiated_at,
      StorageClass: row.storage_class as 'STANDARD',
      Owner: owner(bucket.account),
      Initiator: initiator(row.initiator_arn),
      ChecksumAlgorithm: (row.checksum_algorithm ?? undefined) as 'CRC32' | undefined,
      ChecksumType: (row.checksum_type ?? undefined) as 'COMPOSITE' | undefined,
    })),
    CommonPrefixes: commonPrefixes,
  }
}
