import type { ListPartsOutput, ListPartsRequest } from '../../../model/generated/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { checksumMember } from '../checksums/checksum.ts'
import { invalidArgument } from '../errors.ts'
import { pageLimit } from '../listing/object-page.ts'
import { initiator, owner } from '../owner.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { readParts, requireUpload } from './upload-store.ts'

/** The parts that an upload has so far. */
export async function listParts(
  deps: S3Deps,
  input: ListPartsRequest,
  context: RequestContext,
): Promise<ListPartsOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  refuseUnsupported(input)
  const limit = pageLimit(input.MaxParts, 'max-parts')
  const after = input.PartNumberMarker ?? 0
  if (!Number.isInteger(after) || after < 0 || after > 2147483647) {
    throw invalidArgument(
      'Argument part-number-marker must be an integer between 0 and 2147483647',
      'part-number-marker',
      after,
    )
  }
  const upload = await requireUpload(deps.database, bucket.name, input.Key, input.UploadId)
  const rows = await readParts(deps.database, upload.upload_id, { after, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const algorithm = upload.checksum_algorithm
  return {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.upload_id,
    PartNumberMarker: after,
    NextPartNumberMarker: page.at(-1)?.part_number ?? 0,
    MaxParts: limit,
    IsTruncated: limit > 0 && rows.length > limit,
    Initiator: initiator(upload.initiator_arn),
    Owner: owner(bucket.account),
    StorageClass: upload.storage_class as ListPartsOutput['StorageClass'],
    ChecksumAlgorithm: (algorithm ?? undefined) as ListPartsOutput['ChecksumAlgorithm'],
    ChecksumType: (upload.checksum_type ?? undefined) as ListPartsOutput['ChecksumType'],
    Parts: page.map((part) => ({
      PartNumber: part.part_number,
      LastModified: part.last_modified,
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...(algorithm === null ? {} : checksumMember(algorithm, part.checksum)),
    })),
  }
}
