import { randomUUID } from 'node:crypto'
import type { UploadPartCopyOutput, UploadPartCopyRequest } from '../../../model/generated/s3.ts'
import type { ObjectRow, PartRow, UploadRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { type ChecksumAlgorithm, checksumMember, toBase64 } from '../checksums/checksum.ts'
import { digestContent } from '../content/digest-content.ts'
import { MAX_BODY_BYTES } from '../content/receive-content.ts'
import { cutSlices, insertSlices, type Slice } from '../content/slice-store.ts'
import { invalidArgument, invalidRequest } from '../errors.ts'
import { type ByteRange, parseCopyRange } from '../objects/byte-range.ts'
import { objectStands } from '../objects/object-store.ts'
import { findSource, retryWhenSourceChanges, SourceChanged } from '../objects/source-object.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { checkPartNumber } from './part-number.ts'
import { effectiveChecksum } from './upload-checksum.ts'
import { putPartUnit, requireUpload } from './upload-store.ts'

/** Makes a stretch of an object a part of an upload. The bytes are shared; they are read only to be digested. */
export async function uploadPartCopy(
  deps: S3Deps,
  input: UploadPartCopyRequest,
  context: RequestContext,
): Promise<UploadPartCopyOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  refuseUnsupported(input)
  checkPartNumber(input.PartNumber)
  const upload = await requireUpload(deps.database, bucket.name, input.Key, input.UploadId)
  const part = await retryWhenSourceChanges(input.Key, () => copyPart(deps, input, context, upload))
  return {
    CopyPartResult: {
      ETag: `"${part.etag}"`,
      LastModified: part.last_modified,
      ...(upload.checksum_algorithm === null ? {} : checksumMember(upload.checksum_algorithm, part.checksum)),
    },
  }
}

async function copyPart(
  deps: S3Deps,
  input: UploadPartCopyRequest,
  context: RequestContext,
  upload: UploadRow,
): Promise<PartRow> {
  const source = await findSource(deps, input, context)
  const range = copyRange(input.CopySourceRange, source)
  const size = range === undefined ? 0 : range.last - range.first + 1
  if (size > MAX_BODY_BYTES) {
    throw invalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_BODY_BYTES}`,
    )
  }
  const { algorithm } = effectiveChecksum(upload)
  const digests = await digestsOf(deps, source, range, algorithm, context)
  const now = deps.clock.now()
  const part: PartRow = {
    upload_id: upload.upload_id,
    part_number: input.PartNumber,
    part_id: randomUUID(),
    size,
    etag: digests.etag,
    checksum: digests.checksum,
    last_modified: Math.floor(now / 1000) * 1000,
  }
  const slices =
    range === undefined ? [] : cutSlices(await deps.content.slices(source.object_id), range.first, range.last)
  await deps.database.commit([
    objectStands(deps.database, source, () => new SourceChanged()),
    ...putPartUnit(deps.database, part, now),
    ...insertSlices(deps.database, part.part_id, asPart(slices, part)),
  ])
  return part
}

/** The slices as those of one part, which keeps its checksum with the first of them, also when it is empty. */
function asPart(slices: readonly Slice[], part: PartRow): Slice[] {
  const own = slices.length > 0 ? slices : [{ blobId: '', offset: 0, size: 0 }]
  return own.map((slice, index) => ({
    blobId: slice.blobId,
    offset: slice.offset,
    size: slice.size,
    partNumber: part.part_number,
    partChecksum: index === 0 ? part.checksum : null,
  }))
}

/** The bytes to copy; undefined: the source is empty. */
function copyRange(header: string | undefined, source: ObjectRow): ByteRange | undefined {
  if (header === undefined) return source.size === 0 ? undefined : { first: 0, last: source.size - 1 }
  const range = parseCopyRange(header, source.size)
  if (range === 'malformed') {
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      header,
    )
  }
  if (range === 'unsatisfiable') {
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${source.size}`,
      'x-amz-copy-source-range',
      header,
    )
  }
  return range
}

/** What is known of a whole object need not be computed again. */
async function digestsOf(
  deps: S3Deps,
  source: ObjectRow,
  range: ByteRange | undefined,
  algorithm: ChecksumAlgorithm,
  context: RequestContext,
): Promise<{ etag: string; checksum: string }> {
  const whole = range === undefined || range.last - range.first + 1 === source.size
  if (whole && source.part_count === null && source.checksum_algorithm === algorithm) {
    return { etag: source.etag, checksum: source.checksum }
  }
  const digests = await digestContent(deps.content, source.object_id, range, algorithm, context.signal)
  return { etag: Buffer.from(digests.md5).toString('hex'), checksum: toBase64(digests.checksum) }
}
