import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { S3Facade } from '../../../src/services/s3/facade.ts'
import { createS3Facade } from '../../../src/services/s3/s3-facade.ts'
import { BlobCorruptError } from '../../../src/storage/blobs/blob-store.ts'
import { statement } from '../../../src/storage/statement.ts'
import { testStores } from '../../support/databases.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused, startS3, type TestS3 } from '../../support/s3-service.ts'

const me = accountRoot(ACCOUNT)
const Bucket = 'inputs'

describe.each(testStores)('objects that are read in one go on $dialect', ({ create }) => {
  let s3: TestS3
  let facade: S3Facade
  beforeEach(async () => {
    s3 = await startS3(await create())
    facade = createS3Facade(s3.deps)
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  const read = async (key: string, principal = me) => {
    const { body, ...head } = await facade.readObject(principal, Bucket, key)
    return { head, bytes: body instanceof Readable ? await buffer(body) : body, streamed: body instanceof Readable }
  }

  test.each([
    [0, true],
    [1, false],
    [16 * 1024, false],
    [16 * 1024 + 1, true],
  ])('%i bytes are what any other read says, streamed: %s', async (size, streamed) => {
    const bytes = randomBytes(size)
    await facade.putObject(me, Bucket, 'a/b ü', bytes, { contentType: 'text/csv' })
    const small = await read('a/b ü')
    expect(small.streamed).toBe(streamed)
    expect(small.bytes.equals(bytes)).toBe(true)
    expect(small.head).toEqual(await facade.headObject(me, Bucket, 'a/b ü'))
  })

  test('a part of many is none that is read alone', async () => {
    const { UploadId } = (await s3.call('CreateMultipartUpload', { Bucket, Key: 'k' })) as { UploadId: string }
    const parts = [randomBytes(5 * 1024 ** 2), randomBytes(10)]
    const Parts = []
    for (const [at, bytes] of parts.entries()) {
      const PartNumber = at + 1
      const part = { Bucket, Key: 'k', UploadId, PartNumber, Body: Readable.from([bytes]) }
      const { ETag } = (await s3.call('UploadPart', part)) as { ETag: string }
      Parts.push({ PartNumber, ETag })
    }
    await s3.call('CompleteMultipartUpload', { Bucket, Key: 'k', UploadId, MultipartUpload: { Parts } })
    expect((await read('k')).bytes.equals(Buffer.concat(parts))).toBe(true)
  })

  test('what is not there, or not for the principal, is refused like any other read', async () => {
    await facade.putObject(me, Bucket, 'k', Buffer.from('x'))
    const stranger = accountRoot(OTHER_ACCOUNT)
    for (const [principal, bucket, key] of [
      [me, Bucket, 'none'],
      [me, 'nobodys-bucket', 'k'],
      [me, 'No Bucket', 'k'],
      [me, Bucket, 'x'.repeat(1025)],
      [stranger, Bucket, 'k'],
    ] as const) {
      const expected = await refused(facade.getObject(principal, bucket, key))
      const { code, message, status } = await refused(facade.readObject(principal, bucket, key))
      expect({ code, message, status }).toEqual({
        code: expected.code,
        message: expected.message,
        status: expected.status,
      })
    }
  })

  test('bytes that were changed, or have lost their key, are none', async () => {
    const { query } = s3.database
    await facade.putObject(me, Bucket, 'k', Buffer.from('twelve bytes'))
    await s3.database.commit([statement(query.updateTable('s3_slices').set({ content: randomBytes(28) }))])
    await expect(facade.readObject(me, Bucket, 'k')).rejects.toThrow(BlobCorruptError)
    await s3.database.commit([statement(query.updateTable('s3_slices').set({ sealed_key: null }))])
    await expect(facade.readObject(me, Bucket, 'k')).rejects.toThrow(BlobCorruptError)
  })

  test('another default encryption acts for what is prepared after it', async () => {
    await facade.putObject(me, Bucket, 'before', Buffer.from('x'))
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } }
    await s3.call('PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } })
    await facade.putObject(me, Bucket, 'under', Buffer.from('y'))
    await s3.call('DeleteBucketEncryption', { Bucket })
    await facade.putObject(me, Bucket, 'after', Buffer.from('z'))
    const keys = []
    for (const key of ['before', 'under', 'after']) keys.push((await read(key)).head.sseKmsKeyId)
    expect(keys).toEqual([undefined, expect.stringContaining(':kms:'), undefined])
    expect((await read('under')).bytes.toString()).toBe('y')
  })
})
