import {
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithm,
  DEFAULT_ALGORITHM,
} from '../checksums/checksum.ts'
import { invalidRequest } from '../errors.ts'

/** How the parts of an upload are summed, and their sums joined. */
export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
}

/**
 * What CreateMultipartUpload asks for; undefined when it names no algorithm. CRC64NVME is of the full object only, the
 * SHAs composite only, the other two either, composite unless told.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function requestedChecksum(input: {
  ChecksumAlgorithm?: string
  ChecksumType?: string
}): UploadChecksum | undefined {
  const algorithm = checksumAlgorithm(input.ChecksumAlgorithm)
  if (algorithm === undefined) {
    if (input.ChecksumType === undefined) return undefined
    throw invalidRequest('The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.')
  }
  const type = input.ChecksumType ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE') {
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.')
  }
  const impossible = type === 'FULL_OBJECT' ? algorithm.startsWith('SHA') : algorithm === 'CRC64NVME'
  if (impossible) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  }
  return { algorithm, type }
}

/** How an upload's parts are summed in fact. */
export const effectiveChecksum = (upload: {
  checksum_algorithm: string | null
  checksum_type: string | null
}): UploadChecksum => ({
  algorithm: (upload.checksum_algorithm as ChecksumAlgorithm | null) ?? DEFAULT_ALGORITHM,
  type: (upload.checksum_type as ChecksumType | null) ?? 'FULL_OBJECT',
})
