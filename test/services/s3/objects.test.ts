import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Operation } from '../../../src/services/operation.ts'
import type { S3Deps } from '../../../src/services/s3/s3-deps.ts'
import { createS3Service } from '../../../src/services/s3/service.ts'
import { StorageUnavailableError } from '../../../src/storage/errors.ts'
import { ServiceError } from '../../../src/wire/service-error.ts'
import { testStores } from '../../support/databases.ts'
import { refused, startS3, type TestS3 } from '../../support/s3-service.ts'

const md5 = (text: string, encoding: 'hex' | 'base64' = 'hex') => createHash('md5').update(text).digest(encoding)
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64')

describe.each(testStores)('objects on $dialect', ({ create }) => {
  let s3: TestS3
  const Bucket = 'models'
  beforeEach(async () => {
    s3 = await startS3(await create())
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  /** How many pieces of bytes are kept: blobs and files being written, and what lies in the database. */
  const kept = async () =>
    (await readdir(s3.folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length +
    (await s3.database.query.selectFrom('s3_slices').select('owner_id').where('content', 'is not', null).execute())
      .length

  test('come back with everything that was put with them', async () => {
    const put = await s3.put(Bucket, 'k', 'hello', {
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentDisposition: 'attachment',
      ContentEncoding: 'gzip,aws-chunked',
      ContentLanguage: 'de',
      Expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
      Metadata: { Team: 'ml', ümlaut: 'grüße' },
      StorageClass: 'STANDARD_IA',
      Tagging: 'a=1&b=two%20words',
    })
    expect(put).toEqual({
      ETag: `"${md5('hello')}"`,
      ChecksumCRC64NVME: 'M3eFcAZSQlc=',
      ChecksumType: 'FULL_OBJECT',
      ServerSideEncryption: 'AES256',
    })
    const { Body, ...got } = await s3.call('GetObject', { Bucket, Key: 'k' })
    ;(Body as Readable).destroy()
    expect(got).toMatchObject({
      AcceptRanges: 'bytes',
      ContentLength: 5,
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentDisposition: 'attachment',
      ContentEncoding: 'gzip',
      ContentLanguage: 'de',
      Expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
      ETag: `"${md5('hello')}"`,
      LastModified: s3.now,
      Metadata: { team: 'ml', ümlaut: 'grüße' },
      StorageClass: 'STANDARD_IA',
      TagCount: 2,
    })
    expect(got.ContentRange).toBeUndefined()
    expect(await s3.call('HeadObject', { Bucket, Key: 'k' })).toEqual(got)
    expect(await s3.text(Bucket, 'k')).toBe('hello')
  })

  test('may be empty, and take no file then', async () => {
    expect(await s3.call('PutObject', { Bucket, Key: 'nothing' })).toMatchObject({ ETag: `"${md5('')}"` })
    expect(await s3.text(Bucket, 'nothing')).toBe('')
    expect(await s3.call('HeadObject', { Bucket, Key: 'nothing' })).toMatchObject({
      ContentLength: 0,
      ContentType: 'binary/octet-stream',
    })
    expect(await kept()).toBe(0)
    const range = s3.call('GetObject', { Bucket, Key: 'nothing', Range: 'bytes=0-' })
    expect(await refused(range)).toMatchObject({ code: 'InvalidRange', status: 416 })
  })

  test('that are missing are told apart from buckets that are', async () => {
    expect(await refused(s3.call('GetObject', { Bucket, Key: 'no' }))).toMatchObject({
      code: 'NoSuchKey',
      status: 404,
      message: 'The specified key does not exist.',
      members: { Key: 'no' },
    })
    expect(await refused(s3.call('GetObject', { Bucket: 'nowhere', Key: 'no' }))).toMatchObject({
      code: 'NoSuchBucket',
    })
    expect(await refused(s3.put('nowhere', 'k', 'v'))).toMatchObject({ code: 'NoSuchBucket' })
    expect(await kept()).toBe(0)
  })

  test('are read in ranges', async () => {
    await s3.put(Bucket, 'k', '0123456789')
    const cases = [
      ['bytes=0-0', '0', 'bytes 0-0/10'],
      ['bytes=2-4', '234', 'bytes 2-4/10'],
      ['bytes=7-', '789', 'bytes 7-9/10'],
      ['bytes=-3', '789', 'bytes 7-9/10'],
      ['bytes=-99', '0123456789', 'bytes 0-9/10'],
      ['bytes=5-99', '56789', 'bytes 5-9/10'],
      ['bytes=4-2', '0123456789', undefined],
      ['bytes=0-1,3-4', '0123456789', undefined],
      ['lines=1-2', '0123456789', undefined],
    ] as const
    for (const [Range, text, ContentRange] of cases) {
      expect(await s3.text(Bucket, 'k', { Range }), Range).toBe(text)
      const head = await s3.call('HeadObject', { Bucket, Key: 'k', Range })
      expect([head.ContentRange, head.ContentLength], Range).toEqual([ContentRange, text.length])
    }
    for (const Range of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) {
      expect(await refused(s3.call('GetObject', { Bucket, Key: 'k', Range })), Range).toMatchObject({
        code: 'InvalidRange',
        status: 416,
        message: 'The requested range is not satisfiable',
        members: { RangeRequested: Range, ActualObjectSize: 10 },
      })
    }
    expect(await s3.text(Bucket, 'k', { PartNumber: 1 })).toBe('0123456789')
    expect(await refused(s3.call('GetObject', { Bucket, Key: 'k', PartNumber: 2 }))).toMatchObject({
      code: 'InvalidPartNumber',
      status: 416,
    })
    const both = s3.call('GetObject', { Bucket, Key: 'k', PartNumber: 1, Range: 'bytes=0-1' })
    expect(await refused(both)).toMatchObject({ code: 'InvalidRequest' })
  })

  test('are read under conditions', async () => {
    await s3.put(Bucket, 'k', 'v')
    const Key = 'k'
    const tag = md5('v')
    const [before, at] = [s3.now - 10_000, s3.now]
    const passing = [
      { IfMatch: `"${tag}"` },
      { IfMatch: tag },
      { IfMatch: '*' },
      { IfMatch: `"x", "${tag}"`, IfUnmodifiedSince: before },
      { IfNoneMatch: '"x"', IfModifiedSince: at },
      { IfUnmodifiedSince: at },
      { IfModifiedSince: before },
      { IfModifiedSince: at + 60_000 },
    ]
    for (const condition of passing) await s3.call('HeadObject', { Bucket, Key, ...condition })
    const failing = [
      [{ IfMatch: '"x"' }, 412, 'If-Match'],
      [{ IfUnmodifiedSince: before }, 412, 'If-Unmodified-Since'],
      [{ IfMatch: '"x"', IfUnmodifiedSince: at }, 412, 'If-Match'],
    ] as const
    for (const [condition, status, Condition] of failing) {
      expect(await refused(s3.call('GetObject', { Bucket, Key, ...condition }))).toMatchObject({
        code: 'PreconditionFailed',
        status,
        members: { Condition },
      })
    }
    for (const condition of [
      { IfNoneMatch: tag },
      { IfNoneMatch: '*' },
      { IfModifiedSince: at },
      { IfNoneMatch: `W/"${tag}"`, IfModifiedSince: before },
    ]) {
      const answer = await refused(s3.call('GetObject', { Bucket, Key, ...condition }))
      expect(answer.status).toBe(304)
      expect(answer.headers).toMatchObject({ ETag: `"${tag}"`, 'Last-Modified': new Date(s3.now).toUTCString() })
    }
  })

  test('are answered with the headers that the request asks for', async () => {
    await s3.put(Bucket, 'k', 'v', { ContentType: 'text/plain' })
    const head = await s3.call('HeadObject', {
      Bucket,
      Key: 'k',
      ResponseContentType: 'text/html',
      ResponseContentDisposition: 'attachment; filename=x',
      ResponseExpires: 0,
    })
    expect(head).toMatchObject({
      ContentType: 'text/html',
      ContentDisposition: 'attachment; filename=x',
      Expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
    })
    expect((await s3.call('HeadObject', { Bucket, Key: 'k' })).ContentType).toBe('text/plain')
  })

  test('are held against the digests that come with them, and a wrong one leaves nothing', async () => {
    await s3.put(Bucket, 'k', 'old')
    const before = await kept()
    await s3.put(Bucket, 'md5', 'v', { ContentMD5: md5('v', 'base64') })
    expect(await s3.put(Bucket, 'sha', 'v', { ChecksumSHA256: sha256('v') })).toMatchObject({
      ChecksumSHA256: sha256('v'),
    })
    const head = await s3.call('HeadObject', { Bucket, Key: 'sha', ChecksumMode: 'ENABLED' })
    expect(head).toMatchObject({ ChecksumSHA256: sha256('v'), ChecksumType: 'FULL_OBJECT' })
    const wrong = [
      [{ ContentMD5: md5('w', 'base64') }, 'BadDigest'],
      [{ ContentMD5: 'short' }, 'InvalidDigest'],
      [{ ChecksumSHA256: sha256('w') }, 'BadDigest'],
      [{ ChecksumCRC32: 'AAAAAA==' }, 'BadDigest'],
      [{ ChecksumCRC32: 'AAAA' }, 'InvalidRequest'],
      [{ ChecksumCRC32: 'AAAAAA==', ChecksumSHA256: sha256('v') }, 'InvalidRequest'],
      [{ ChecksumAlgorithm: 'CRC128' as 'CRC32' }, 'InvalidRequest'],
      [{ ChecksumXXHASH64: 'AAAA' }, 'NotImplemented'],
    ] as const
    for (const [claim, code] of wrong) {
      expect(await refused(s3.put(Bucket, 'k', 'v', claim)), JSON.stringify(claim)).toMatchObject({ code })
    }
    expect(await s3.text(Bucket, 'k')).toBe('old')
    expect(await kept()).toBe(before + 2)
  })

  test('whose checksum trails the body are held against it', async () => {
    const trailed = (value: string) =>
      Object.assign(Readable.from([Buffer.from('v')]), {
        trailerNames: ['x-amz-checksum-sha256'],
        trailers: Promise.resolve(new Map([['x-amz-checksum-sha256', value]])),
      })
    await s3.call('PutObject', { Bucket, Key: 'k', Body: trailed(sha256('v')) })
    expect(await s3.call('HeadObject', { Bucket, Key: 'k', ChecksumMode: 'ENABLED' })).toMatchObject({
      ChecksumSHA256: sha256('v'),
    })
    const wrong = s3.call('PutObject', { Bucket, Key: 'k2', Body: trailed(sha256('w')) })
    expect(await refused(wrong)).toMatchObject({ code: 'BadDigest' })
    expect(await refused(s3.call('HeadObject', { Bucket, Key: 'k2' }))).toMatchObject({ code: 'NoSuchKey' })
  })

  test('leave nothing when the body breaks off', async () => {
    await s3.put(Bucket, 'k', 'old')
    const before = await kept()
    const broken = (error: Error) =>
      Readable.from(
        (function* () {
          yield Buffer.alloc(200_000)
          throw error
        })(),
      )
    const refusal = new ServiceError('IncompleteBody', 'The request body terminated unexpectedly')
    expect(await refused(s3.call('PutObject', { Bucket, Key: 'k', Body: broken(refusal) }))).toBe(refusal)
    const abort = new AbortController()
    const stalled = new Readable({ read() {} })
    stalled.push(Buffer.alloc(10))
    const put = s3.call('PutObject', { Bucket, Key: 'k', Body: stalled }, { signal: abort.signal })
    abort.abort(new Error('the client went away'))
    await expect(put).rejects.toThrow('the client went away')
    expect(await s3.text(Bucket, 'k')).toBe('old')
    expect(await kept()).toBe(before)
  })

  test('are written under conditions, of which one writer of many passes', async () => {
    const writers = Array.from({ length: 10 }, (_, n) =>
      s3.put(Bucket, 'once', `writer ${n}`, { IfNoneMatch: '*' }).then(
        () => n,
        (error: ServiceError) => error.code,
      ),
    )
    const outcomes = await Promise.all(writers)
    const winner = outcomes.find((outcome) => typeof outcome === 'number')
    expect(outcomes.filter((outcome) => outcome === 'PreconditionFailed')).toHaveLength(9)
    expect(await s3.text(Bucket, 'once')).toBe(`writer ${winner}`)
    expect(await kept()).toBe(1)

    const stale = `"${md5('stale')}"`
    expect(await refused(s3.put(Bucket, 'once', 'v', { IfMatch: stale }))).toMatchObject({ code: 'PreconditionFailed' })
    await s3.put(Bucket, 'once', 'v', { IfMatch: md5(`writer ${winner}`) })
    expect(await refused(s3.put(Bucket, 'none', 'v', { IfMatch: stale }))).toMatchObject({ code: 'NoSuchKey' })
    expect(await refused(s3.put(Bucket, 'once', 'v', { IfNoneMatch: stale }))).toMatchObject({ code: 'NotImplemented' })
    const both = s3.put(Bucket, 'once', 'v', { IfNoneMatch: '*', IfMatch: stale })
    expect(await refused(both)).toMatchObject({ code: 'NotImplemented', status: 501 })
  })

  test('have keys that mean nothing but themselves', async () => {
    const keys = [
      '../../etc/passwd',
      '/leading',
      'a//b',
      '.',
      '..',
      'a\tb\nc',
      'naïve 🌊 %2F+ ?&=',
      ' ',
      `${'x'.repeat(1021)}äb`.slice(0, 1023),
      '<&>"\'',
    ]
    for (const key of keys) await s3.put(Bucket, key, `at ${key}`)
    for (const key of keys) expect(await s3.text(Bucket, key)).toBe(`at ${key}`)
    const listed = await s3.call('ListObjectsV2', { Bucket })
    const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    expect(listed.Contents?.map((entry) => entry.Key)).toEqual(byBytes)
    expect(await refused(s3.put(Bucket, 'ä'.repeat(513)))).toMatchObject({
      code: 'KeyTooLongError',
      members: { Size: 1026, MaxSizeAllowed: 1024 },
    })
    expect(await refused(s3.put(Bucket, 'a\0b'))).toMatchObject({ code: 'InvalidURI' })
    expect(await refused(s3.put(Bucket, 'a\ud800b'))).toMatchObject({ code: 'InvalidURI' })
  })

  test('are deleted one by one and many at a time', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await s3.put(Bucket, key, key)
    await s3.call('DeleteObject', { Bucket, Key: 'a' })
    await s3.call('DeleteObject', { Bucket, Key: 'a' })
    const stale = s3.call('DeleteObject', { Bucket, Key: 'b', IfMatch: '"x"' })
    expect(await refused(stale)).toMatchObject({ code: 'PreconditionFailed', status: 412 })
    await s3.call('DeleteObject', { Bucket, Key: 'b', IfMatch: md5('b') })
    const many = await s3.call('DeleteObjects', {
      Bucket,
      Delete: {
        Objects: [
          { Key: 'c' },
          { Key: 'never' },
          { Key: 'c' },
          { Key: 'x', VersionId: 'v1' },
          { Key: 'd', ETag: '"x"' },
        ],
      },
    })
    expect(many.Deleted?.map((entry) => entry.Key)).toEqual(['c', 'never', 'c'])
    expect(many.Errors).toMatchObject([
      { Key: 'x', VersionId: 'v1', Code: 'InvalidArgument', Message: 'Invalid version id specified' },
      { Key: 'd', Code: 'PreconditionFailed' },
    ])
    const quiet = await s3.call('DeleteObjects', { Bucket, Delete: { Objects: [{ Key: 'd' }], Quiet: true } })
    expect(quiet).toEqual({ Deleted: [], Errors: [] })
    expect((await s3.call('ListObjectsV2', { Bucket })).KeyCount).toBe(0)
    const Objects = Array.from({ length: 1001 }, (_, n) => ({ Key: `k${n}` }))
    expect(await refused(s3.call('DeleteObjects', { Bucket, Delete: { Objects } }))).toMatchObject({
      code: 'MalformedXML',
    })
    expect(await refused(s3.call('DeleteObjects', { Bucket, Delete: { Objects: [] } }))).toMatchObject({
      code: 'MalformedXML',
    })
  })

  test('carry tags', async () => {
    await s3.put(Bucket, 'k', 'v')
    expect(await s3.call('GetObjectTagging', { Bucket, Key: 'k' })).toEqual({ TagSet: [] })
    const TagSet = [{ Key: 'stage', Value: 'prod' }]
    await s3.call('PutObjectTagging', { Bucket, Key: 'k', Tagging: { TagSet } })
    expect(await s3.call('GetObjectTagging', { Bucket, Key: 'k' })).toEqual({ TagSet })
    const many = { TagSet: Array.from({ length: 11 }, (_, n) => ({ Key: `t${n}`, Value: '' })) }
    const refusals = [
      [{ Tagging: many }, 'BadRequest', 'Object tags cannot be greater than 10'],
      [
        { Tagging: { TagSet: [{ Key: 'aws:x', Value: '' }] } },
        'InvalidTag',
        'System tags cannot be added/updated by requester',
      ],
      [{ Tagging: { TagSet: [{ Key: 'a', Value: '<' }] } }, 'InvalidTag', 'The TagValue you have provided is invalid'],
      [{ Tagging: { TagSet: [{ Key: '', Value: '' }] } }, 'InvalidTag', 'The TagKey you have provided is invalid'],
    ] as const
    for (const [input, code, message] of refusals) {
      expect(await refused(s3.call('PutObjectTagging', { Bucket, Key: 'k', ...input } as never))).toMatchObject({
        code,
        message,
      })
    }
    expect(await refused(s3.put(Bucket, 'k', 'v', { Tagging: 'a=1&a=2' }))).toMatchObject({ code: 'InvalidArgument' })
    await s3.call('DeleteObjectTagging', { Bucket, Key: 'k' })
    expect(await s3.call('GetObjectTagging', { Bucket, Key: 'k' })).toEqual({ TagSet: [] })
    expect(await refused(s3.call('PutObjectTagging', { Bucket, Key: 'no', Tagging: { TagSet } }))).toMatchObject({
      code: 'NoSuchKey',
    })
  })

  test('refuse by name what would change the outcome and is not done', async () => {
    const asked = [
      { ServerSideEncryption: 'aws:kms:dsse' },
      { SSECustomerAlgorithm: 'AES256' },
      { ObjectLockMode: 'GOVERNANCE' },
      { WebsiteRedirectLocation: '/x' },
      { GrantRead: 'id=1' },
      { StorageClass: 'GLACIER' },
      { WriteOffsetBytes: 5 },
    ] as const
    for (const member of asked) {
      expect(await refused(s3.put(Bucket, 'k', 'v', member as object)), JSON.stringify(member)).toMatchObject({
        code: 'NotImplemented',
        status: 501,
      })
    }
    expect(await refused(s3.put(Bucket, 'k', 'v', { ACL: 'public-read' }))).toMatchObject({
      code: 'AccessControlListNotSupported',
    })
    expect(await refused(s3.put(Bucket, 'k', 'v', { StorageClass: 'LUKEWARM' as 'STANDARD' }))).toMatchObject({
      code: 'InvalidStorageClass',
    })
    const large = { note: 'x'.repeat(2048) }
    expect(await refused(s3.put(Bucket, 'k', 'v', { Metadata: large }))).toMatchObject({ code: 'MetadataTooLarge' })
    expect(await kept()).toBe(0)
    await s3.put(Bucket, 'k', 'v', { ACL: 'private', ServerSideEncryption: 'AES256', StorageClass: 'STANDARD' })
    expect((await s3.call('HeadObject', { Bucket, Key: 'k' })).StorageClass).toBeUndefined()
    expect(await s3.text(Bucket, 'k', { VersionId: 'null' })).toBe('v')
    expect(await refused(s3.call('GetObject', { Bucket, Key: 'k', VersionId: 'abc' }))).toMatchObject({
      code: 'InvalidArgument',
    })
  })

  test('tell their attributes', async () => {
    await s3.put(Bucket, 'k', 'v', { ChecksumSHA256: sha256('v') })
    const all = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'] as const
    expect(await s3.call('GetObjectAttributes', { Bucket, Key: 'k', ObjectAttributes: [...all] })).toMatchObject({
      ETag: md5('v'),
      Checksum: { ChecksumSHA256: sha256('v'), ChecksumType: 'FULL_OBJECT' },
      ObjectParts: undefined,
      StorageClass: 'STANDARD',
      ObjectSize: 1,
      LastModified: s3.now,
    })
    const unknown = { Bucket, Key: 'k', ObjectAttributes: ['Colour' as 'ETag'] }
    expect(await refused(s3.call('GetObjectAttributes', unknown))).toMatchObject({ code: 'InvalidArgument' })
  })
  test('keep their bytes when the database is lost in the middle of a commit', async () => {
    const { database } = s3.deps
    await s3.put(Bucket, 'k', 'old')
    const losing: S3Deps = {
      ...s3.deps,
      database: {
        ...database,
        commit: async (unit) => {
          await database.commit(unit)
          throw new StorageUnavailableError('The connection has ended')
        },
      },
    }
    const put = createS3Service(losing).PutObject as Operation<object>
    const input = { Bucket, Key: 'k', Body: Readable.from([Buffer.from('new')]) }
    await expect(put(input, s3.context())).rejects.toThrow(StorageUnavailableError)
    expect(await s3.text(Bucket, 'k')).toBe('new')
  })
})
