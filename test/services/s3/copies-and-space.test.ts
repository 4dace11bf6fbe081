import { hash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sweepReleased } from '../../../src/services/s3/released-sweeper.ts'
import { createS3Facade } from '../../../src/services/s3/s3-facade.ts'
import { testStores } from '../../support/databases.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused, startS3, type TestS3 } from '../../support/s3-service.ts'

const HOUR = 3_600_000
const MIB = 1024 ** 2

describe.each(testStores)('copies and space on $dialect', ({ create }) => {
  let s3: TestS3
  const Bucket = 'models'
  beforeEach(async () => {
    s3 = await startS3(await create())
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  const files = async () =>
    (await readdir(s3.folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length
  /** What lies in the database is one each. */
  const kept = async () =>
    (await files()) +
    (await s3.database.query.selectFrom('s3_slices').select('owner_id').where('content', 'is not', null).execute())
      .length
  const sweepAfter = (milliseconds: number) => {
    s3.now += milliseconds
    return sweepReleased(s3.deps, new AbortController().signal)
  }
  const uploadTwoParts = async (Key: string) => {
    const { UploadId = '' } = await s3.call('CreateMultipartUpload', { Bucket, Key })
    const contents = [randomBytes(5 * MIB), randomBytes(100_000)]
    const Parts = await Promise.all(
      contents.map(async (bytes, index) => {
        const part = { Bucket, Key, UploadId, PartNumber: index + 1, Body: Readable.from([bytes]) }
        return { PartNumber: index + 1, ETag: (await s3.call('UploadPart', part)).ETag }
      }),
    )
    await s3.call('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload: { Parts } })
    return Buffer.concat(contents)
  }

  test('a copy shares the bytes and outlives its source', async () => {
    await s3.put(Bucket, 'a', 'shared'.repeat(20_000), {
      ContentType: 'text/plain',
      Metadata: { m: '1' },
      Tagging: 't=1',
    })
    s3.now += 5000
    const copied = await s3.call('CopyObject', { Bucket, Key: 'b', CopySource: `/${Bucket}/a` })
    expect(copied.CopyObjectResult).toMatchObject({ LastModified: s3.now, ChecksumType: 'FULL_OBJECT' })
    expect(await files()).toBe(1)
    await s3.call('DeleteObject', { Bucket, Key: 'a' })
    expect(await sweepAfter(HOUR)).toBe(0)
    expect(await s3.text(Bucket, 'b')).toBe('shared'.repeat(20_000))
    expect(await s3.call('HeadObject', { Bucket, Key: 'b' })).toMatchObject({
      ContentType: 'text/plain',
      Metadata: { m: '1' },
      TagCount: 1,
    })
    await s3.call('DeleteObject', { Bucket, Key: 'b' })
    expect(await sweepAfter(HOUR)).toBe(1)
    expect(await files()).toBe(0)
  })

  test('a copy takes new metadata, tags and checksum when told to', async () => {
    await s3.put(Bucket, 'a', 'v', { ContentType: 'text/plain', Metadata: { m: '1' }, Tagging: 't=1' })
    await s3.call('CopyObject', {
      Bucket,
      Key: 'b',
      CopySource: `${Bucket}/a`,
      MetadataDirective: 'REPLACE',
      Metadata: { n: '2' },
      TaggingDirective: 'REPLACE',
      Tagging: 'x=1&y=2',
      ChecksumAlgorithm: 'SHA256',
    })
    expect(await s3.call('HeadObject', { Bucket, Key: 'b', ChecksumMode: 'ENABLED' })).toMatchObject({
      ContentType: 'binary/octet-stream',
      Metadata: { n: '2' },
      TagCount: 2,
      ChecksumSHA256: hash('sha256', 'v', 'base64'),
    })
    const wrong = s3.call('CopyObject', {
      Bucket,
      Key: 'b',
      CopySource: `${Bucket}/a`,
      MetadataDirective: 'MIX' as 'COPY',
    })
    expect(await refused(wrong)).toMatchObject({ code: 'InvalidArgument', message: 'Unknown metadata directive.' })
  })

  test('an object is copied onto itself only to change something', async () => {
    const large = 'v'.repeat(100_000)
    await s3.put(Bucket, 'a', large, { Metadata: { m: '1' } })
    const self = { Bucket, Key: 'a', CopySource: `${Bucket}/a` }
    expect((await refused(s3.call('CopyObject', self))).message).toContain('This copy request is illegal')
    await s3.call('CopyObject', { ...self, MetadataDirective: 'REPLACE', Metadata: { m: '2' } })
    expect(await sweepAfter(HOUR)).toBe(0)
    expect(await s3.text(Bucket, 'a')).toBe(large)
    expect((await s3.call('HeadObject', { Bucket, Key: 'a' })).Metadata).toEqual({ m: '2' })
  })

  test('a copy is made under conditions on source and target', async () => {
    await s3.put(Bucket, 'a', 'v')
    await s3.put(Bucket, 'b', 'w')
    const copy = { Bucket, Key: 'b', CopySource: `${Bucket}/a` }
    const failing = [
      [{ CopySourceIfMatch: '"x"' }, 'x-amz-copy-source-If-Match'],
      [{ CopySourceIfNoneMatch: '*' }, 'x-amz-copy-source-If-None-Match'],
      [{ CopySourceIfModifiedSince: s3.now }, 'x-amz-copy-source-If-Modified-Since'],
      [{ CopySourceIfUnmodifiedSince: s3.now - 5000 }, 'x-amz-copy-source-If-Unmodified-Since'],
      [{ IfNoneMatch: '*' }, 'If-None-Match'],
      [{ IfMatch: '"x"' }, 'If-Match'],
    ] as const
    for (const [condition, Condition] of failing) {
      expect(await refused(s3.call('CopyObject', { ...copy, ...condition }))).toMatchObject({
        code: 'PreconditionFailed',
        status: 412,
        members: { Condition },
      })
    }
    expect(await refused(s3.call('CopyObject', { ...copy, CopySource: `${Bucket}/no` }))).toMatchObject({
      code: 'NoSuchKey',
    })
    expect(await s3.text(Bucket, 'b')).toBe('w')
  })

  test('copies made while the source is written over and over are each of one content', async () => {
    await s3.put(Bucket, 'a', 'content 0')
    const writes = Array.from({ length: 20 }, (_, n) => s3.put(Bucket, 'a', `content ${n + 1}`))
    const copies = Array.from({ length: 20 }, (_, n) =>
      s3.call('CopyObject', { Bucket, Key: `copy-${n}`, CopySource: `${Bucket}/a` }),
    )
    await Promise.all([...writes, ...copies])
    await sweepAfter(HOUR)
    for (const n of copies.keys()) expect(await s3.text(Bucket, `copy-${n}`)).toMatch(/^content \d+$/)
  })

  test.each([3, 300_000])(
    'what is replaced, given up or deleted is freed after a while: %i bytes each',
    async (size) => {
      await s3.put(Bucket, 'a', 'o'.repeat(size))
      await s3.put(Bucket, 'a', 'n'.repeat(size))
      const { UploadId = '' } = await s3.call('CreateMultipartUpload', { Bucket, Key: 'u' })
      const part = () => ({ Bucket, Key: 'u', UploadId, PartNumber: 1, Body: Readable.from([Buffer.alloc(size)]) })
      await s3.call('UploadPart', part())
      await s3.call('UploadPart', part())
      await s3.call('AbortMultipartUpload', { Bucket, Key: 'u', UploadId })
      expect(await kept()).toBe(4)
      await sweepAfter(60_000)
      expect(await kept()).toBe(4)
      expect(await sweepAfter(HOUR)).toBe(size > 100_000 ? 3 : 0)
      expect(await kept()).toBe(1)
      expect(await s3.text(Bucket, 'a')).toBe('n'.repeat(size))
      await s3.call('DeleteObject', { Bucket, Key: 'a' })
      await sweepAfter(HOUR)
      expect(await kept()).toBe(0)
    },
  )

  test('a reader that has begun reads on to the end of what it began', async () => {
    const whole = await uploadTwoParts('big')
    const { Body } = await s3.call('GetObject', { Bucket, Key: 'big' })
    await s3.put(Bucket, 'big', 'replaced')
    const reading = (Body as Readable)[Symbol.asyncIterator]()
    const chunks: Uint8Array[] = [(await reading.next()).value]
    // The reader is slow, but says so: what it still needs is kept for it.
    s3.now += 20 * 60_000
    // More than is read ahead.
    for (let at = 0; at < 10; at++) chunks.push((await reading.next()).value)
    expect(await sweepAfter(20 * 60_000)).toBe(0)
    for (let next = await reading.next(); !next.done; next = await reading.next()) chunks.push(next.value)
    expect(Buffer.concat(chunks).equals(whole)).toBe(true)
    expect(await sweepAfter(HOUR)).toBe(2)
    expect(await s3.text(Bucket, 'big')).toBe('replaced')
  })

  test('a copy of an object uploaded in parts keeps them', async () => {
    const whole = await uploadTwoParts('big')
    await s3.call('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/big` })
    await s3.call('DeleteObject', { Bucket, Key: 'big' })
    await sweepAfter(HOUR)
    const { Body, ETag } = await s3.call('GetObject', { Bucket, Key: 'copy' })
    expect(ETag).toMatch(/-2"$/)
    expect((await buffer(Body as Readable)).equals(whole)).toBe(true)
    await s3.call('CopyObject', { Bucket, Key: 'plain', CopySource: `${Bucket}/copy`, ChecksumAlgorithm: 'CRC32' })
    const plain = await s3.call('GetObject', { Bucket, Key: 'plain' })
    expect(plain.ETag).not.toContain('-')
    expect((await buffer(plain.Body as Readable)).equals(whole)).toBe(true)
  })

  test('the facade reads, lists and writes under the same rules', async () => {
    const facade = createS3Facade(s3.deps)
    const me = accountRoot(ACCOUNT)
    const { etag } = await facade.putObject(me, Bucket, 'dir/a', Buffer.from('hello'), { contentType: 'text/plain' })
    await facade.putObject(me, Bucket, 'dir/b', Readable.from([Buffer.from('x')]))
    expect(await facade.headObject(me, Bucket, 'dir/a')).toEqual({
      bucket: Bucket,
      key: 'dir/a',
      size: 5,
      etag,
      contentType: 'text/plain',
      lastModified: s3.now,
    })
    const { body } = await facade.getObject(me, Bucket, 'dir/a', { ifMatch: etag })
    expect(await text(body)).toBe('hello')
    expect((await Array.fromAsync(facade.listObjects(me, Bucket, 'dir/'))).map((head) => head.key)).toEqual([
      'dir/a',
      'dir/b',
    ])
    const stranger = accountRoot(OTHER_ACCOUNT)
    expect(await refused(facade.getObject(stranger, Bucket, 'dir/a'))).toMatchObject({ code: 'AccessDenied' })
    expect(await refused(facade.headObject(me, Bucket, 'none'))).toMatchObject({ code: 'NoSuchKey' })
    expect(await refused(facade.headObject(me, 'nowhere', 'none'))).toMatchObject({ code: 'NoSuchBucket' })
    const stale = facade.getObject(me, Bucket, 'dir/a', { ifMatch: 'x' })
    expect(await refused(stale)).toMatchObject({ code: 'PreconditionFailed' })
    const aborted = await facade.getObject(me, Bucket, 'dir/a', { signal: AbortSignal.abort(new Error('no more')) })
    await expect(text(aborted.body)).rejects.toThrow('no more')
  })
})
