import { randomUUID } from 'node:crypto'
import type { UploadPartOutput, UploadPartRequest } from '../../../model/generated/s3.ts'
import type { UploadRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { checksumAlgorithm, checksumMember, statedChecksum } from '../checksums/checksum.ts'
import { dropUnlessCommitted, receiveContent, slicesOf } from '../content/receive-content.ts'
import { insertSlices } from '../content/slice-store.ts'
import { entityTag } from '../encryption/entity-tag.ts'
import { encryptionMembers } from '../encryption/object-encryption.ts'
import { invalidRequest } from '../errors.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { checkPartNumber } from './part-number.ts'
import { effectiveChecksum } from './upload-checksum.ts'
import { putPartUnit, requireUpload } from './upload-store.ts'

/** Stores a part of an upload; one of the same number is replaced. */
export async function uploadPart(
  deps: S3Deps,
  input: UploadPartRequest,
  context: RequestContext,
): Promise<UploadPartOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  refuseUnsupported(input)
  checkPartNumber(input.PartNumber)
  const upload = await requireUpload(deps.database, bucket.name, input.Key, input.UploadId)
  const chosen = statedChecksum(input)?.algorithm ?? checksumAlgorithm(input.ChecksumAlgorithm)
  checkAlgorithm(upload, chosen)

  const { algorithm } = effectiveChecksum(upload)
  const box = await deps.keys.open(context, upload.encryption)
  const content = await receiveContent(deps, input.Body, input, { box, required: algorithm, signal: context.signal })
  const checksum = content.checksums[algorithm] ?? ''
  const partId = randomUUID()
  const now = deps.clock.now()
  const part = {
    upload_id: upload.upload_id,
    part_number: input.PartNumber,
    part_id: partId,
    size: content.size,
    etag: entityTag(upload.encryption, content.md5),
    checksum,
    last_modified: Math.floor(now / 1000) * 1000,
  }
  await dropUnlessCommitted(
    deps,
    content,
    deps.database.commit([
      ...putPartUnit(deps.database, part, now),
      ...insertSlices(deps.database, partId, slicesOf(content, input.PartNumber, checksum)),
    ]),
  )
  const shown = content.chosen ?? algorithm
  return {
    ETag: `"${part.etag}"`,
    ...checksumMember(shown, content.checksums[shown] ?? ''),
    ...encryptionMembers(upload.encryption),
  }
}

/** An upload that was begun with an algorithm takes no part that is summed with another. */
function checkAlgorithm(upload: UploadRow, chosen: string | undefined): void {
  const expected = upload.checksum_algorithm
  if (expected === null || chosen === undefined || chosen === expected) return
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${chosen.toLowerCase()}`,
  )
}
