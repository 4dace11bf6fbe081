import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { verifyBodyChecksum } from './body-checksum.ts'

const body = Buffer.from('<Delete/>')
const md5 = createHash('md5').update(body).digest('base64')
const sha256 = createHash('sha256').update(body).digest('base64')
const crc = Buffer.alloc(4)
crc.writeUInt32BE(crc32(body))
const checked = crc.toString('base64')
const ZEROES = (length: number) => Buffer.alloc(length).toString('base64')

const DEMANDED = 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*'

describe('the digest of an S3 document', () => {
  it.each([
    ['DeleteObjects', { 'content-md5': md5 }],
    ['DeleteObjects', { 'x-amz-checksum-crc32': checked }],
    ['PutObjectTagging', { 'x-amz-checksum-sha256': sha256, 'content-md5': md5 }],
    ['CreateBucket', {}],
    ['CreateBucket', { 'content-md5': md5 }],
    // This one is of the object that is completed, not of the document.
    ['CompleteMultipartUpload', { 'x-amz-checksum-crc32': ZEROES(4) }],
  ])('of %s with %j is right', (operation, headers) => {
    expect(() => verifyBodyChecksum(operation, headers, body)).not.toThrow()
  })

  it.each([
    ['DeleteObjects', {}, 'InvalidRequest', DEMANDED],
    ['PutBucketTagging', {}, 'InvalidRequest', DEMANDED],
    ['DeleteObjects', { 'x-amz-trailer': 'x-amz-checksum-crc32' }, 'InvalidRequest', DEMANDED],
    ['DeleteObjects', { 'content-md5': ZEROES(16) }, 'BadDigest', 'The Content-MD5 you specified did not match'],
    ['CreateBucket', { 'content-md5': ZEROES(16) }, 'BadDigest', 'The Content-MD5 you specified did not match'],
    ['DeleteObjects', { 'content-md5': 'x' }, 'InvalidDigest', 'The Content-MD5 you specified was invalid.'],
    ['DeleteObjects', { 'x-amz-checksum-crc32': ZEROES(4) }, 'BadDigest', 'The CRC32 you specified did not match'],
    ['DeleteObjects', { 'x-amz-checksum-crc64nvme': ZEROES(8) }, 'BadDigest', 'The CRC64NVME you specified'],
    ['DeleteObjects', { 'x-amz-checksum-crc32c': 'AAA=' }, 'InvalidRequest', 'Value for x-amz-checksum-crc32c header'],
    [
      'DeleteObjects',
      { 'x-amz-checksum-crc32': checked, 'x-amz-checksum-sha256': sha256 },
      'InvalidRequest',
      'Multiple checksum Types are not allowed.',
    ],
  ])('of %s with %j is refused', (operation, headers, code, message) => {
    expect(() => verifyBodyChecksum(operation, headers as Record<string, string>, body)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})
