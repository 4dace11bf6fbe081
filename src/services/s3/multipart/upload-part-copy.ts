import { randomUUID } from 'node:crypto'
import type { UploadPartCopyOutput, UploadPartCopyRequest } from '../../../model/generated/s3.ts'
import type { Statement } from '../../../storage/database.ts'
import type { ObjectRow, PartRow, UploadRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { type ChecksumAlgorithm, checksumMember, toBase64 } from '../checksums/checksum.ts'
import type { ContentOwner } from '../content/content-reader.ts'
import { digestContent } from '../content/digest-content.ts'
import { dropUnlessCommitted, MAX_BODY_BYTES, type ReceivedContent, slicesOf } from '../content/receive-content.ts'
import { reencryptContent, resealSlices } from '../content/reencrypt-content.ts'
import { cutSlices, insertSlices, type Slice } from '../content/slice-store.ts'
import { entityTag } from '../encryption/entity-tag.ts'
import { encryptionMembers, sharesBlobs } from '../encryption/object-encryption.ts'
import { invalidArgument, invalidRequest } from '../errors.ts'
import { type ByteRange, parseCopyRange } from '../objects/byte-range.ts'
import { objectStands } from '../objects/object-store.ts'
import { findSource, retryWhenSourceChanges, SourceChanged } from '../objects/source-object.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { checkPartNumber } from './part-number.ts'
import { effectiveChecksum } from './upload-checksum.ts'
import { putPartUnit, requireUpload } from './upload-store.ts'

/**
 * Makes a stretch of an object a part of an upload. Where both are encrypted alike the bytes are shared, and read only to
 * be digested.
 */
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
    ...encryptionMembers(upload.encryption),
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
  const content = await partContent(deps, source, range, upload, context)
  const now = deps.clock.now()
  const part: PartRow = {
    upload_id: upload.upload_id,
    part_number: input.PartNumber,
    part_id: randomUUID(),
    size,
    etag: content.etag,
    checksum: content.checksum,
    last_modified: Math.floor(now / 1000) * 1000,
  }
  const unit = [
    ...content.guards,
    ...putPartUnit(deps.database, part, now),
    ...insertSlices(deps.database, part.part_id, asPart(content.slices, part)),
  ]
  await dropUnlessCommitted(deps, content.received, deps.database.commit(unit))
  return part
}

interface PartContent {
  readonly etag: string
  readonly checksum: string
  readonly slices: readonly Slice[]
  readonly guards: readonly Statement[]
  /** What was written for the part. */
  readonly received?: ReceivedContent
}

/** Shares the source's blobs if both are under the same key, and writes the bytes anew otherwise. */
async function partContent(
  deps: S3Deps,
  source: ObjectRow,
  range: ByteRange | undefined,
  upload: UploadRow,
  context: RequestContext,
): Promise<PartContent> {
  const { algorithm } = effectiveChecksum(upload)
  const [from, box] = [
    await deps.keys.open(context, source.encryption),
    await deps.keys.open(context, upload.encryption),
  ]
  const owner = { id: source.object_id, box: from }
  if (!sharesBlobs(source.encryption, upload.encryption)) {
    const received = await reencryptContent(deps, owner, range, { box, algorithm, signal: context.signal })
    return {
      etag: entityTag(upload.encryption, received.md5),
      checksum: received.checksums[algorithm] ?? '',
      slices: slicesOf(received, 1, null),
      guards: [],
      received,
    }
  }
  const { md5, checksum } = await digestsOf(deps, source, owner, range, algorithm, context)
  const slices =
    range === undefined ? [] : cutSlices(await deps.content.slices(source.object_id), range.first, range.last)
  return {
    etag: entityTag(upload.encryption, md5),
    checksum,
    slices: resealSlices(slices, from, box),
    guards: [objectStands(deps.database, source, () => new SourceChanged())],
  }
}

/** The slices as those of one part, which keeps its checksum with the first of them, also when it is empty. */
function asPart(slices: readonly Slice[], part: PartRow): Slice[] {
  const own = slices.length > 0 ? slices : [{ blobId: '', offset: 0, size: 0, sealedKey: null, content: null }]
  return own.map((slice, index) => ({
    blobId: slice.blobId,
    offset: slice.offset,
    size: slice.size,
    sealedKey: slice.sealedKey,
    content: slice.content,
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

/** What is known of a whole object need not be computed again. An entity tag is the MD5 unless a key of KMS is in play. */
async function digestsOf(
  deps: S3Deps,
  source: ObjectRow,
  owner: ContentOwner,
  range: ByteRange | undefined,
  algorithm: ChecksumAlgorithm,
  context: RequestContext,
): Promise<{ readonly md5: string; readonly checksum: string }> {
  const whole = range === undefined || range.last - range.first + 1 === source.size
  if (whole && source.part_count === null && source.checksum_algorithm === algorithm) {
    return { md5: source.etag, checksum: source.checksum }
  }
  const digests = await digestContent(deps.content, owner, range, algorithm, context.signal)
  return { md5: Buffer.from(digests.md5).toString('hex'), checksum: toBase64(digests.checksum) }
}
