import { createHash } from 'node:crypto'
import { type CrcAlgorithm, createCrc } from '../shared/crc.ts'
import type { WireRequest } from './protocol.ts'
import { ServiceError } from './service-error.ts'

/**
 * The operations whose document must come with a digest of itself: those of S3's published definition with
 * `httpChecksum.requestChecksumRequired` that are implemented. Elsewhere the checksum headers speak of an object.
 */
const DEMANDING: ReadonlySet<string> = new Set([
  'DeleteObjects',
  'PutBucketAcl',
  'PutBucketOwnershipControls',
  'PutBucketPolicy',
  'PutBucketTagging',
  'PutObjectAcl',
  'PutObjectTagging',
  'PutPublicAccessBlock',
])

const crc = (algorithm: CrcAlgorithm) => (body: Uint8Array) => {
  const running = createCrc(algorithm)
  running.update(body)
  return Buffer.from(running.digest())
}
const hash = (algorithm: string) => (body: Uint8Array) => createHash(algorithm).update(body).digest()

const md5 = hash('md5')

const CHECKSUMS: Readonly<Record<string, (body: Uint8Array) => Buffer>> = {
  crc32: crc('CRC32'),
  crc32c: crc('CRC32C'),
  crc64nvme: crc('CRC64NVME'),
  sha1: hash('sha1'),
  sha256: hash('sha256'),
}

/**
 * Holds a whole S3 document against the digests that its request states, and demands one where S3 does.
 * @throws ServiceError `InvalidDigest`, `BadDigest`, `InvalidRequest`
 */
export function verifyBodyChecksum(operation: string, headers: WireRequest['headers'], body: Uint8Array): void {
  const stated = headers['content-md5']
  if (stated !== undefined) checkMd5(stated, body)
  if (!DEMANDING.has(operation)) return
  const named = Object.keys(CHECKSUMS).filter((name) => headers[`x-amz-checksum-${name}`] !== undefined)
  if (named.length > 1) {
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  }
  const [name] = named
  if (name !== undefined) checkChecksum(name, headers[`x-amz-checksum-${name}`] as string, body)
  else if (stated === undefined) {
    throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  }
}

function checkMd5(stated: string, body: Uint8Array): void {
  if (Buffer.from(stated, 'base64').length !== 16) {
    throw new ServiceError('InvalidDigest', 'The Content-MD5 you specified was invalid.', {
      members: { 'Content-MD5': stated },
    })
  }
  const calculated = md5(body).toString('base64')
  if (calculated === stated.trim()) return
  throw new ServiceError('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
    members: { ExpectedDigest: stated, CalculatedDigest: calculated },
  })
}

function checkChecksum(name: string, stated: string, body: Uint8Array): void {
  const calculated = CHECKSUMS[name]!(body)
  if (Buffer.from(stated, 'base64').length !== calculated.length) {
    throw invalidRequest(`Value for x-amz-checksum-${name} header is invalid.`)
  }
  if (calculated.toString('base64') === stated.trim()) return
  const message = `The ${name.toUpperCase()} you specified did not match the calculated checksum.`
  throw new ServiceError('BadDigest', message)
}

const invalidRequest = (message: string): ServiceError => new ServiceError('InvalidRequest', message)
