import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { S3Facade } from '../../../src/services/s3/facade.ts'
import { createS3Facade } from '../../../src/services/s3/s3-facade.ts'
import { statement } from '../../../src/storage/statement.ts'
import { testStores } from '../../support/databases.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, startS3, type TestS3 } from '../../support/s3-service.ts'

const me = accountRoot(ACCOUNT)
const Bucket = 'inputs'

describe.each(testStores)('small objects that are read together on $dialect', ({ create }) => {
  let s3: TestS3
  let facade: S3Facade
  beforeEach(async () => {
    s3 = await startS3(await create())
    facade = createS3Facade(s3.deps)
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  const heads = async (keys: readonly string[]) => Promise.all(keys.map((key) => facade.headObject(me, Bucket, key)))
  const read = async (keys: readonly string[], principal = me, bucket = Bucket) =>
    new Map(
      [...(await facade.readSmallObjects(principal, bucket, keys))].map(([key, { bytes, ...head }]) => [
        key,
        { bytes: bytes.toString('latin1'), head },
      ]),
    )

  test('are those that lie in the database, the same as any other read says', async () => {
    const bytes = new Map([0, 1, 16 * 1024, 16 * 1024 + 1].map((size) => [`a/${size} ü`, randomBytes(size)]))
    for (const [key, body] of bytes) await facade.putObject(me, Bucket, key, body, { contentType: 'text/csv' })
    const small = ['a/1 ü', `a/${16 * 1024} ü`]
    const found = await read([...bytes.keys(), 'none', 'a/1 ü'])
    expect([...found.keys()].sort()).toEqual(small.sort())
    expect([...found.values()].map(({ head }) => head)).toEqual(await heads([...found.keys()]))
    for (const [key, { bytes: got }] of found) expect(got).toBe(bytes.get(key)?.toString('latin1'))
  })

  test('may be more than one query asks for', async () => {
    const keys = Array.from({ length: 70 }, (_, at) => `k${at}`)
    await Promise.all(keys.map((key) => facade.putObject(me, Bucket, key, Buffer.from(key))))
    for (const count of [1, 3, 5, 17, 70]) {
      const found = await read(keys.slice(0, count))
      expect([...found].map(([key, { bytes }]) => [key, bytes]).sort()).toEqual(
        keys
          .slice(0, count)
          .map((key) => [key, key])
          .sort(),
      )
    }
    expect(await read([])).toEqual(new Map())
  })

  test('are none of those put together from parts', async () => {
    const { UploadId } = (await s3.call('CreateMultipartUpload', { Bucket, Key: 'k' })) as { UploadId: string }
    const Parts = []
    for (const [at, size] of [5 * 1024 ** 2, 10].entries()) {
      const part = { Bucket, Key: 'k', UploadId, PartNumber: at + 1, Body: Readable.from([randomBytes(size)]) }
      const { ETag } = (await s3.call('UploadPart', part)) as { ETag: string }
      Parts.push({ PartNumber: at + 1, ETag })
    }
    await s3.call('CompleteMultipartUpload', { Bucket, Key: 'k', UploadId, MultipartUpload: { Parts } })
    expect(await read(['k'])).toEqual(new Map())
  })

  test('leave out what is not for the principal, or in no bucket, without a word', async () => {
    await facade.putObject(me, Bucket, 'k', Buffer.from('x'))
    expect(await read(['k'], accountRoot(OTHER_ACCOUNT))).toEqual(new Map())
    for (const bucket of ['nobodys-bucket', 'No Bucket', '']) expect(await read(['k'], me, bucket)).toEqual(new Map())
    expect(await read(['x'.repeat(2000), ''])).toEqual(new Map())
  })

  test('leave out bytes that were changed, or have lost their key', async () => {
    const { query } = s3.database
    for (const key of ['k', 'good']) await facade.putObject(me, Bucket, key, Buffer.from('twelve bytes'))
    const ofK = query.selectFrom('s3_objects').select('object_id').where('key', '=', 'k')
    const change = query.updateTable('s3_slices').where('owner_id', 'in', ofK)
    await s3.database.commit([statement(change.set({ content: randomBytes(28) }))])
    expect([...(await read(['k', 'good'])).keys()]).toEqual(['good'])
    await s3.database.commit([statement(change.set({ sealed_key: null }))])
    expect([...(await read(['k', 'good'])).keys()]).toEqual(['good'])
    await s3.database.commit([statement(change.set({ content: null }))])
    expect([...(await read(['k', 'good'])).keys()]).toEqual(['good'])
  })

  test('another default encryption acts for what is prepared after it', async () => {
    await facade.putObject(me, Bucket, 'before', Buffer.from('x'))
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } }
    await s3.call('PutBucketEncryption', { Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } })
    await facade.putObject(me, Bucket, 'under', Buffer.from('y'))
    await s3.call('DeleteBucketEncryption', { Bucket })
    await facade.putObject(me, Bucket, 'after', Buffer.from('z'))
    const under = (await heads(['before', 'under', 'after'])).map(({ sseKmsKeyId }) => sseKmsKeyId)
    expect(under).toEqual([undefined, expect.stringContaining(':kms:'), undefined])
    // KMS is asked for each object by itself.
    expect([...(await read(['before', 'under', 'after'])).keys()].sort()).toEqual(['after', 'before'])
  })
})
