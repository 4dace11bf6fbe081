import { createHash } from 'node:crypto'
import type { CompletedPart } from '../../../model/generated/s3.ts'
import type { PartRow } from '../../../storage/schema/s3.ts'
import { type ChecksumMembers, combineChecksums } from '../checksums/checksum.ts'
import {
  badChecksum,
  entityTooLarge,
  entityTooSmall,
  invalidPart,
  invalidPartOrder,
  invalidRequest,
  malformedXml,
} from '../errors.ts'
import { unquoteEtag } from '../objects/preconditions.ts'
import { MAX_PART_NUMBER } from './part-number.ts'
import type { UploadChecksum } from './upload-checksum.ts'

const MIN_PART_BYTES = 5 * 1024 ** 2
const MAX_OBJECT_BYTES = 5 * 1024 ** 4

/** What the caller claims of the whole. */
export interface CompletionClaims extends ChecksumMembers {
  readonly ChecksumType?: string
  readonly MpuObjectSize?: number
}

export interface CompletedObject {
  /** In the order they make up the object. */
  readonly parts: readonly PartRow[]
  readonly size: number
  readonly etag: string
  readonly checksum: string
}

/**
 * Judges the list of parts against what was uploaded, and says what becomes of it.
 *
 * @param uploaded the parts there are
 * @param explicit whether the upload was begun with an algorithm: a composite then wants every part's checksum
 */
export function planCompletion(
  uploadId: string,
  listed: readonly CompletedPart[],
  uploaded: readonly PartRow[],
  checksum: UploadChecksum & { readonly explicit: boolean },
  claims: CompletionClaims,
): CompletedObject {
  if (listed.length === 0) throw invalidRequest('You must specify at least one part')
  if (listed.length > MAX_PART_NUMBER) throw malformedXml()
  checkOrder(uploadId, listed)
  const byNumber = new Map(uploaded.map((part) => [part.part_number, part]))
  const parts = listed.map((entry) => findPart(uploadId, entry, byNumber, checksum))
  checkSizes(parts)

  const size = parts.reduce((sum, part) => sum + part.size, 0)
  if (size > MAX_OBJECT_BYTES) throw entityTooLarge(MAX_OBJECT_BYTES)
  if (claims.MpuObjectSize !== undefined && claims.MpuObjectSize !== size) {
    throw invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${claims.MpuObjectSize} does not match what was computed: ${size}`,
    )
  }
  const computed = combineChecksums(checksum.algorithm, checksum.type, parts)
  checkClaims(claims, checksum, computed)
  return { parts, size, etag: combineEtags(parts), checksum: computed }
}

function checkOrder(uploadId: string, listed: readonly CompletedPart[]): void {
  let last = 0
  for (const { PartNumber: number } of listed) {
    if (number === undefined) throw malformedXml()
    if (number <= last) throw invalidPartOrder(uploadId)
    last = number
  }
}

function findPart(
  uploadId: string,
  entry: CompletedPart,
  uploaded: ReadonlyMap<number, PartRow>,
  checksum: UploadChecksum & { readonly explicit: boolean },
): PartRow {
  const number = entry.PartNumber ?? 0
  const etag = unquoteEtag(entry.ETag ?? '')
  const part = uploaded.get(number)
  if (part === undefined || part.etag !== etag) throw invalidPart(uploadId, number, etag)
  const stated = entry[`Checksum${checksum.algorithm}`]
  if (stated === undefined && checksum.explicit && checksum.type === 'COMPOSITE') {
    throw invalidRequest(
      `The upload was created using a ${checksum.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    )
  }
  if (stated !== undefined && stated !== part.checksum) throw invalidPart(uploadId, number, etag)
  return part
}

function checkSizes(parts: readonly PartRow[]): void {
  for (const part of parts.slice(0, -1)) {
    if (part.size < MIN_PART_BYTES) throw entityTooSmall(part.part_number, part.etag, part.size, MIN_PART_BYTES)
  }
}

function checkClaims(claims: CompletionClaims, checksum: UploadChecksum, computed: string): void {
  if (claims.ChecksumType !== undefined && claims.ChecksumType !== checksum.type) {
    throw invalidRequest(
      `The upload was created using the ${checksum.type} checksum mode. The complete request must use the same checksum mode.`,
    )
  }
  const stated = claims[`Checksum${checksum.algorithm}`]
  if (stated !== undefined && stated !== computed && `${stated}-` !== computed.replace(/\d+$/, '')) {
    throw badChecksum(checksum.algorithm.toLowerCase())
  }
}

/** The entity tag of an object made of parts: the MD5 of their MD5s and their number. */
function combineEtags(parts: readonly PartRow[]): string {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part.etag, 'hex')
  return `${hash.digest('hex')}-${parts.length}`
}
