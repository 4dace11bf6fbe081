import { combineCrcs } from '../../../shared/crc.ts'
import { DigestSet } from '../../../storage/blobs/digests.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import { invalidRequest } from '../errors.ts'

/** The checksums that S3 stores with an object. */
export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256'

/** FULL_OBJECT: of all bytes. COMPOSITE: of the checksums of the parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE'

/** What S3 computes when a caller names nothing. */
export const DEFAULT_ALGORITHM = 'CRC64NVME' satisfies ChecksumAlgorithm

const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
}

const CHECKSUM_ALGORITHMS = Object.keys(DIGEST_BYTES) as readonly ChecksumAlgorithm[]

/** The members of requests and answers that carry a checksum; at most one is set. */
export type ChecksumMembers = { readonly [A in ChecksumAlgorithm as `Checksum${A}`]?: string }

export interface NamedChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64. */
  readonly value: string
}

/** Reads the algorithm a caller names: `x-amz-sdk-checksum-algorithm`, `x-amz-checksum-algorithm`. */
export function checksumAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => known === name.toUpperCase())
  if (algorithm !== undefined) return algorithm
  if (/^(SHA512|MD5|XXHASH(64|3|128))$/i.test(name)) throw notImplemented(`The checksum algorithm ${name} of S3`)
  throw invalidRequest(
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
  )
}

export const multipleChecksums = (): Error =>
  invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')

/** The one checksum that a request states, checked for its form. */
export function statedChecksum(input: ChecksumMembers): NamedChecksum | undefined {
  const stated = CHECKSUM_ALGORITHMS.flatMap((algorithm): NamedChecksum[] => {
    const value = input[`Checksum${algorithm}`]
    return value === undefined ? [] : [{ algorithm, value }]
  })
  if (stated.length > 1) throw multipleChecksums()
  return stated[0]
}

/** Whether the text is a whole checksum of the algorithm in Base64. */
export const isWellFormed = ({ algorithm, value }: NamedChecksum): boolean =>
  Buffer.from(value, 'base64').length === DIGEST_BYTES[algorithm] && /^[A-Za-z0-9+/]+=*$/.test(value)

/** A digest as S3 writes it. */
export const toBase64 = (digest: Uint8Array | undefined): string => Buffer.from(digest ?? []).toString('base64')

/** `value` as the member of an answer that belongs to the algorithm. */
export const checksumMember = (algorithm: string, value: string): ChecksumMembers => ({
  [`Checksum${algorithm}`]: value,
})

/** The checksum of an object made of parts, from theirs. A composite carries the number of parts behind it. */
export function combineChecksums(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly { readonly checksum: string; readonly size: number }[],
): string {
  const digests = parts.map((part) => ({ digest: Buffer.from(part.checksum, 'base64'), size: part.size }))
  if (type === 'FULL_OBJECT' && algorithm !== 'SHA1' && algorithm !== 'SHA256') {
    return toBase64(combineCrcs(algorithm, digests))
  }
  const running = new DigestSet([algorithm])
  for (const { digest } of digests) running.update(digest)
  return `${toBase64(running.finish()[algorithm])}-${parts.length}`
}
