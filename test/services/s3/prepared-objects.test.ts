import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { S3Facade } from '../../../src/services/s3/facade.ts'
import { createS3Facade } from '../../../src/services/s3/s3-facade.ts'
import { StorageFullError, StorageUnavailableError } from '../../../src/storage/errors.ts'
import { none, statement } from '../../../src/storage/statement.ts'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused, startS3, type TestS3 } from '../../support/s3-service.ts'

const me = accountRoot(ACCOUNT)
const SIZES = [0, 5, 300_000]

describe.each(testStores)('objects prepared for a unit of another on $dialect', ({ create }) => {
  let s3: TestS3
  let facade: S3Facade
  const Bucket = 'outputs'
  beforeEach(async () => {
    s3 = await startS3(await create())
    facade = createS3Facade(s3.deps)
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  const files = async () =>
    (await readdir(s3.folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length
  /** A statement of somebody else, that the unit fails with when it may not succeed. */
  const beside = (succeeds: boolean) =>
    statement(
      s3.database.query
        .selectFrom('s3_buckets')
        .select('name')
        .where('name', '=', succeeds ? 'none' : Bucket),
      none(() => new Error('somebody else said no')),
    )

  test.each(SIZES)('%i bytes are there with the unit, and not before', async (size) => {
    const bytes = randomBytes(size)
    const body = Readable.from(size === 0 ? [] : [bytes.subarray(0, 3), bytes.subarray(3)])
    const prepared = await facade.prepareObject(me, Bucket, 'k', body, { contentType: 'application/json' })
    expect(prepared).toMatchObject({ etag: createHash('md5').update(bytes).digest('hex'), size })
    expect(await refused(facade.headObject(me, Bucket, 'k'))).toMatchObject({ code: 'NoSuchKey' })
    await prepared.settle(s3.database.commit([beside(true), ...prepared.statements]))
    const got = await facade.getObject(me, Bucket, 'k')
    expect(got).toMatchObject({ etag: prepared.etag, size, contentType: 'application/json' })
    expect((await buffer(got.body)).equals(bytes)).toBe(true)
  })

  test.each(SIZES)('nothing is left of %i bytes whose unit fails, or which are dropped', async (size) => {
    await facade.putObject(me, Bucket, 'k', Buffer.from('before'))
    const before = await files()
    const prepared = await facade.prepareObject(me, Bucket, 'k', randomBytes(size))
    const unit = s3.database.commit([...prepared.statements, beside(false)])
    await expect(prepared.settle(unit)).rejects.toThrow('somebody else said no')
    await (await facade.prepareObject(me, Bucket, 'k', randomBytes(size))).drop()
    expect(await files()).toBe(before)
    expect(await text((await facade.getObject(me, Bucket, 'k')).body)).toBe('before')
    const rows = await s3.database.query.selectFrom('s3_slices').selectAll().execute()
    expect(rows).toHaveLength(1)
  })

  test('many are written by one unit, of two with the same key the later, and what they replace is released', async () => {
    await s3.call('CreateBucket', { Bucket: 'others' })
    await facade.putObject(me, Bucket, 'k', Buffer.from('before'))
    const prepare = (bucket: string, key: string, body: string) =>
      facade.prepareObject(me, bucket, key, Buffer.from(body))
    const many = Array.from({ length: 21 }, (_, at) => prepare(Bucket, `many/${at}`, `${at}`))
    const all = await Promise.all([
      prepare(Bucket, 'k', 'first'),
      prepare('others', 'k', 'elsewhere'),
      prepare(Bucket, 'k', 'second'),
      prepare(Bucket, 'empty', ''),
      ...many,
    ])
    const unit = facade.unitOf(all)
    expect(unit.length).toBeLessThan(all.flatMap(({ statements }) => statements).length / 2)
    await s3.database.commit(unit)
    const read = async (bucket: string, key: string) => text((await facade.getObject(me, bucket, key)).body)
    expect(await read(Bucket, 'k')).toBe('second')
    expect(await read('others', 'k')).toBe('elsewhere')
    expect([await read(Bucket, 'empty'), await read(Bucket, 'many/20')]).toEqual(['', '20'])
    expect(await s3.database.query.selectFrom('s3_released').selectAll().execute()).toHaveLength(2)

    const late = await Promise.all([prepare(Bucket, 'late', 'x'), prepare('others', 'late', 'x')])
    await s3.call('DeleteObject', { Bucket: 'others', Key: 'k' })
    await s3.call('DeleteBucket', { Bucket: 'others' })
    await expect(s3.database.commit(facade.unitOf(late))).rejects.toMatchObject({ code: 'NoSuchBucket' })
    expect(await refused(facade.headObject(me, Bucket, 'late'))).toMatchObject({ code: 'NoSuchKey' })
  })

  test('a unit of which nobody knows whether it was committed costs no bytes', async () => {
    const prepared = await facade.prepareObject(me, Bucket, 'k', randomBytes(300_000))
    await s3.database.commit(prepared.statements)
    const lost = Promise.reject(new StorageUnavailableError('the connection was lost'))
    await expect(prepared.settle(lost)).rejects.toThrow('the connection was lost')
    expect(await buffer((await facade.getObject(me, Bucket, 'k')).body)).toHaveLength(300_000)
  })

  test('what may not be is refused before a byte is read', async () => {
    const untouched = () => Readable.from([Buffer.from('x')])
    const prepare = (...[who, bucket, key, more]: [typeof me, string, string, object?]) =>
      refused(facade.prepareObject(who, bucket, key, untouched(), more))
    expect(await prepare(accountRoot(OTHER_ACCOUNT), Bucket, 'k')).toMatchObject({ code: 'AccessDenied', status: 403 })
    expect(await prepare(me, 'nowhere', 'k')).toMatchObject({ code: 'NoSuchBucket', status: 404 })
    expect(await prepare(me, Bucket, 'k'.repeat(1025))).toMatchObject({ code: 'KeyTooLongError', status: 400 })
    const kmsKeyId = '00000000-0000-4000-8000-000000000000'
    expect(await prepare(me, Bucket, 'k', { kmsKeyId })).toMatchObject({ code: 'KMS.NotFoundException', status: 400 })
    expect(await files()).toBe(0)
  })

  test('the unit fails when the bucket was deleted meanwhile', async () => {
    const prepared = await facade.prepareObject(me, Bucket, 'k', Buffer.from('late'))
    await s3.call('DeleteBucket', { Bucket })
    expect(await refused(prepared.settle(s3.database.commit(prepared.statements)))).toMatchObject({
      code: 'NoSuchBucket',
    })
    expect(await files()).toBe(0)
  })

  test.each([3, 300_000])('taking a body in ends with the signal after %i bytes', async (size) => {
    const stop = new AbortController()
    const body = new Readable({ read() {} })
    body.push(randomBytes(size))
    const preparing = facade.prepareObject(me, Bucket, 'k', body, { signal: stop.signal })
    await eventually(async () => expect(body.readableLength).toBe(0))
    stop.abort(new Error('enough'))
    await expect(preparing).rejects.toThrow('enough')
    const late = facade.prepareObject(me, Bucket, 'k', Buffer.from('x'), { signal: stop.signal })
    await expect(late).rejects.toThrow('enough')
    expect(await files()).toBe(0)
  })

  test('a body that breaks, and a full disk, leave nothing', async () => {
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('some')
        throw new Error('the container has gone')
      })(),
    )
    await expect(facade.prepareObject(me, Bucket, 'k', broken)).rejects.toThrow('the container has gone')
    const full = Readable.from(
      (function* () {
        yield Buffer.from('some')
        throw new StorageFullError('ENOSPC')
      })(),
    )
    expect(await refused(facade.prepareObject(me, Bucket, 'k', full))).toMatchObject({
      code: 'ServiceUnavailable',
      status: 503,
    })
    expect(await files()).toBe(0)
  })

  test('under a key of KMS the bytes come back to who may decrypt', async () => {
    const key = (await s3.kms.call('CreateKey', {}, me, 'us-east-1')).KeyMetadata?.Arn as string
    const prepared = await facade.prepareObject(me, Bucket, 'k', Buffer.from('secret'), { kmsKeyId: key })
    await prepared.settle(s3.database.commit(prepared.statements))
    expect((await facade.headObject(me, Bucket, 'k')).sseKmsKeyId).toBe(key)
    expect(await text((await facade.getObject(me, Bucket, 'k')).body)).toBe('secret')
    await s3.kms.call('DisableKey', { KeyId: key }, me)
    expect(await refused(facade.getObject(me, Bucket, 'k'))).toMatchObject({ code: 'KMS.DisabledException' })
  })
})
