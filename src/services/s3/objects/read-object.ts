import type { HeadObjectOutput, HeadObjectRequest } from '../../../model/generated/s3.ts'
import type { ObjectRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { checksumMember } from '../checksums/checksum.ts'
import type { Slice } from '../content/slice-store.ts'
import { encryptionMembers } from '../encryption/object-encryption.ts'
import { invalidPartNumber, invalidRange, invalidRequest, notModified, preconditionFailed } from '../errors.ts'
import { checkPartNumber } from '../multipart/part-number.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { type ByteRange, parseRange } from './byte-range.ts'
import { checkKey, checkVersionId } from './object-key.ts'
import { decodeHeaders, decodeMetadata } from './object-metadata.ts'
import { failedCondition } from './preconditions.ts'
import { requireObject } from './require-object.ts'

/** What GetObject and HeadObject answer alike. */
export interface ObjectReading {
  readonly object: ObjectRow
  /** The bytes that are asked for; undefined: there are none. */
  readonly range: ByteRange | undefined
  readonly head: HeadObjectOutput
}

/** Finds the object, judges the conditions, and works out which of its bytes are asked for. */
export async function readObject(
  deps: S3Deps,
  input: HeadObjectRequest,
  context: RequestContext,
): Promise<ObjectReading> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  checkVersionId(input.VersionId)
  refuseUnsupported(input)
  if (input.PartNumber !== undefined) {
    if (input.Range !== undefined) {
      throw invalidRequest('Cannot specify both Range header and partNumber query parameter')
    }
    checkPartNumber(input.PartNumber)
  }
  const object = await requireObject(deps, bucket, input.Key, context)
  judgeConditions(input, object, context.now)

  const part = input.PartNumber === undefined ? undefined : await readPart(deps, object, input.PartNumber)
  const asked = parseRange(input.Range, object.size)
  if (asked === 'unsatisfiable') throw invalidRange(input.Range ?? '', object.size)
  const whole = object.size === 0 ? undefined : { first: 0, last: object.size - 1 }
  const range = part === undefined ? (asked === 'whole' ? whole : asked) : part.range
  const partial = range !== undefined && (part !== undefined || asked !== 'whole')
  return {
    object,
    range,
    head: {
      ...describe(object, input),
      ContentLength: range === undefined ? 0 : range.last - range.first + 1,
      ContentRange: partial ? `bytes ${range.first}-${range.last}/${object.size}` : undefined,
      PartsCount: part === undefined ? undefined : (object.part_count ?? undefined),
      ...(input.ChecksumMode === 'ENABLED' ? checksumOf(object, partial, part?.checksum) : {}),
    },
  }
}

function judgeConditions(input: HeadObjectRequest, object: ObjectRow, now: number): void {
  const failed = failedCondition(
    {
      ifMatch: input.IfMatch,
      ifNoneMatch: input.IfNoneMatch,
      ifModifiedSince: input.IfModifiedSince,
      ifUnmodifiedSince: input.IfUnmodifiedSince,
    },
    { etag: object.etag, lastModified: object.last_modified },
    now,
  )
  if (failed === undefined) return
  if (failed === 'If-Match' || failed === 'If-Unmodified-Since') throw preconditionFailed(failed)
  throw notModified({ ETag: `"${object.etag}"`, 'Last-Modified': new Date(object.last_modified).toUTCString() })
}

/** The stored headers, with what the request overrides for this answer. */
function describe(object: ObjectRow, input: HeadObjectRequest): HeadObjectOutput {
  const stored = decodeHeaders(object.headers)
  const tags = object.tags === null ? 0 : Object.keys(JSON.parse(object.tags) as object).length
  return {
    AcceptRanges: 'bytes',
    LastModified: object.last_modified,
    ETag: `"${object.etag}"`,
    ...stored,
    ContentType: input.ResponseContentType ?? stored.ContentType,
    CacheControl: input.ResponseCacheControl ?? stored.CacheControl,
    ContentDisposition: input.ResponseContentDisposition ?? stored.ContentDisposition,
    ContentEncoding: input.ResponseContentEncoding ?? stored.ContentEncoding,
    ContentLanguage: input.ResponseContentLanguage ?? stored.ContentLanguage,
    Expires: input.ResponseExpires === undefined ? stored.Expires : new Date(input.ResponseExpires).toUTCString(),
    Metadata: decodeMetadata(object.metadata),
    // S3 names the class only when it is another than the standard one.
    StorageClass: (object.storage_class === 'STANDARD' ? undefined : object.storage_class) as 'STANDARD_IA' | undefined,
    TagCount: tags === 0 ? undefined : tags,
    ...encryptionMembers(object.encryption),
  }
}

/** SDKs hold a checksum against the bytes they receive, so a part of an object never carries that of the whole. */
function checksumOf(object: ObjectRow, partial: boolean, partChecksum: string | undefined): Partial<HeadObjectOutput> {
  const type = object.checksum_type as HeadObjectOutput['ChecksumType']
  if (partChecksum !== undefined) {
    return { ...checksumMember(object.checksum_algorithm, partChecksum), ChecksumType: type }
  }
  return partial ? {} : { ...checksumMember(object.checksum_algorithm, object.checksum), ChecksumType: type }
}

interface ReadPart {
  /** Undefined: the part is empty. */
  readonly range: ByteRange | undefined
  readonly checksum: string | undefined
}

/** Where one part of the object lies. An object that was not uploaded in parts is its own first part. */
async function readPart(deps: S3Deps, object: ObjectRow, partNumber: number): Promise<ReadPart> {
  if (object.part_count === null) {
    if (partNumber !== 1) throw invalidPartNumber(partNumber, 1)
    return { range: bytesFrom(0, object.size), checksum: object.checksum }
  }
  const parts = groupParts(await deps.content.slices(object.object_id))
  const part = parts.find((candidate) => candidate.partNumber === partNumber)
  if (part === undefined) throw invalidPartNumber(partNumber, parts.length)
  return { range: bytesFrom(part.start, part.size), checksum: part.checksum }
}

const bytesFrom = (start: number, size: number): ByteRange | undefined =>
  size === 0 ? undefined : { first: start, last: start + size - 1 }

export interface ObjectPart {
  readonly partNumber: number
  readonly start: number
  readonly size: number
  readonly checksum: string | undefined
}

/** An object's parts, from its slices. */
export function groupParts(slices: readonly Slice[]): ObjectPart[] {
  const parts: ObjectPart[] = []
  let start = 0
  for (const slice of slices) {
    const open = parts.at(-1)
    if (open?.partNumber === slice.partNumber) {
      parts[parts.length - 1] = { ...open, size: open.size + slice.size }
    } else {
      parts.push({
        partNumber: slice.partNumber,
        start,
        size: slice.size,
        checksum: slice.partChecksum ?? undefined,
      })
    }
    start += slice.size
  }
  return parts
}
