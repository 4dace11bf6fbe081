import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ListObjectsV2Request } from '../../../src/model/generated/s3.ts'
import { statement } from '../../../src/storage/statement.ts'
import { testStores } from '../../support/databases.ts'
import { refused, startS3, type TestS3 } from '../../support/s3-service.ts'

describe.each(testStores)('lists on $dialect', ({ create }) => {
  let s3: TestS3
  const Bucket = 'listed'
  const Delimiter = '/'
  beforeEach(async () => {
    s3 = await startS3(await create())
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  const putAll = (...keys: string[]) => Promise.all(keys.map((key) => s3.put(Bucket, key, key)))
  const list = async (input: Partial<ListObjectsV2Request> = {}) => {
    const page = await s3.call('ListObjectsV2', { Bucket, ...input })
    return {
      ...page,
      shown: [
        ...(page.Contents ?? []).map((entry) => entry.Key),
        ...(page.CommonPrefixes ?? []).map((p) => `[${p.Prefix}]`),
      ],
    }
  }

  test('show objects with what belongs to them', async () => {
    await putAll('k')
    expect(await s3.call('ListObjectsV2', { Bucket })).toEqual({
      Name: Bucket,
      Prefix: '',
      MaxKeys: 1000,
      KeyCount: 1,
      IsTruncated: false,
      CommonPrefixes: [],
      Contents: [
        {
          Key: 'k',
          Size: 1,
          ETag: '"8ce4b16b22b58894aa86c421e8759df3"',
          LastModified: s3.now,
          StorageClass: 'STANDARD',
          ChecksumAlgorithm: ['CRC64NVME'],
          ChecksumType: 'FULL_OBJECT',
        },
      ],
    })
    const owned = await s3.call('ListObjectsV2', { Bucket, FetchOwner: true })
    expect(owned.Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
  })

  test('are walked page by page with a delimiter, each entry shown once', async () => {
    await putAll('a', 'b/1', 'b/2', 'b/3/x', 'c', 'd/1', 'e/🌊', 'e/x', '🌊/1', 'z')
    const seen: unknown[] = []
    let ContinuationToken: string | undefined
    for (let pages = 0; pages < 20; pages++) {
      const page = await list({ Delimiter, MaxKeys: 1, ContinuationToken })
      expect(page.KeyCount).toBeLessThanOrEqual(1)
      seen.push(...page.shown)
      ContinuationToken = page.NextContinuationToken
      expect(page.IsTruncated).toBe(ContinuationToken !== undefined)
      if (ContinuationToken === undefined) break
    }
    expect(seen).toEqual(['a', '[b/]', 'c', '[d/]', '[e/]', 'z', '[🌊/]'])
  })

  test('start behind a key, keep to a prefix, and take both together', async () => {
    await putAll('a', 'b/1', 'b/2', 'b/3', 'c')
    expect((await list({ StartAfter: 'b/1' })).shown).toEqual(['b/2', 'b/3', 'c'])
    expect((await list({ Prefix: 'b/' })).shown).toEqual(['b/1', 'b/2', 'b/3'])
    expect((await list({ Prefix: 'b/', StartAfter: 'b/2' })).shown).toEqual(['b/3'])
    expect((await list({ Prefix: 'b/', StartAfter: 'a' })).shown).toEqual(['b/1', 'b/2', 'b/3'])
    expect((await list({ Prefix: 'b/', StartAfter: 'c' })).shown).toEqual([])
    expect((await list({ Prefix: 'b/', Delimiter })).shown).toEqual(['b/1', 'b/2', 'b/3'])
    expect((await list({ Prefix: 'b', Delimiter })).shown).toEqual(['[b/]'])
    expect((await list({ StartAfter: 'b/1', Delimiter })).shown).toEqual(['c', '[b/]'])
    expect((await list({ Prefix: 'nothing' })).shown).toEqual([])
  })

  test('encode keys when asked to', async () => {
    await putAll('a b/ü+&.txt')
    const page = await list({ EncodingType: 'url', Prefix: 'a b', StartAfter: 'A ' })
    expect(page).toMatchObject({ Prefix: 'a+b', StartAfter: 'A+', EncodingType: 'url' })
    expect(page.shown).toEqual(['a+b/%C3%BC%2B%26.txt'])
    const wrong = s3.call('ListObjectsV2', { Bucket, EncodingType: 'rot13' as 'url' })
    expect(await refused(wrong)).toMatchObject({
      code: 'InvalidArgument',
      message: 'Invalid Encoding Method specified in Request',
    })
  })

  test('hold at most a thousand keys, and none when asked for none', async () => {
    const object = await s3
      .put(Bucket, 'seed', 'x')
      .then(() => s3.database.query.selectFrom('s3_objects').selectAll().executeTakeFirstOrThrow())
    const rows = Array.from({ length: 1500 }, (_, n) => ({ ...object, key: `k${n}`, object_id: `o${n}` }))
    for (let at = 0; at < rows.length; at += 500) {
      await s3.database.commit([statement(s3.database.query.insertInto('s3_objects').values(rows.slice(at, at + 500)))])
    }
    expect(await list({ MaxKeys: 5000 })).toMatchObject({ KeyCount: 1000, MaxKeys: 1000, IsTruncated: true })
    expect(await list({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, MaxKeys: 0, IsTruncated: false })
    for (const MaxKeys of [-1, 2 ** 31, 1.5]) {
      expect(await refused(s3.call('ListObjectsV2', { Bucket, MaxKeys }))).toMatchObject({
        code: 'InvalidArgument',
        message: 'Argument maxKeys must be an integer between 0 and 2147483647',
      })
    }
  })

  test('refuse a token that is none', async () => {
    for (const ContinuationToken of ['', 'x', 'bm9uc2Vuc2U=', 'a'.repeat(3000)]) {
      expect(await refused(s3.call('ListObjectsV2', { Bucket, ContinuationToken }))).toMatchObject({
        code: 'InvalidArgument',
        message: 'The continuation token provided is incorrect',
      })
    }
  })

  test('of the first version go on from markers', async () => {
    await putAll('a', 'b/1', 'b/2', 'c', 'd/1')
    const pages: unknown[] = []
    let Marker: string | undefined
    for (let n = 0; n < 10; n++) {
      const page = await s3.call('ListObjects', { Bucket, Delimiter, MaxKeys: 2, Marker })
      pages.push([
        page.Contents?.map((entry) => entry.Key),
        page.CommonPrefixes?.map((entry) => entry.Prefix),
        page.NextMarker,
      ])
      Marker = page.NextMarker
      if (!page.IsTruncated) break
    }
    expect(pages).toEqual([
      [['a'], ['b/'], 'b/'],
      [['c'], ['d/'], undefined],
    ])
    const inside = await s3.call('ListObjects', { Bucket, Delimiter, Marker: 'b/1' })
    expect(inside.CommonPrefixes).toEqual([{ Prefix: 'd/' }])
    const plain = await s3.call('ListObjects', { Bucket, MaxKeys: 1 })
    expect(plain).toMatchObject({ IsTruncated: true, Marker: '', Prefix: '' })
    expect(plain.NextMarker).toBeUndefined()
    expect(plain.Contents?.[0]?.Owner?.ID).toMatch(/^[0-9a-f]{64}$/)
  })

  test('of versions show each object as its only version', async () => {
    await putAll('a', 'b')
    const first = await s3.call('ListObjectVersions', { Bucket, MaxKeys: 1 })
    expect(first).toMatchObject({ IsTruncated: true, NextKeyMarker: 'a', NextVersionIdMarker: 'null' })
    expect(first.Versions).toMatchObject([{ Key: 'a', VersionId: 'null', IsLatest: true }])
    const rest = await s3.call('ListObjectVersions', { Bucket, KeyMarker: 'a', VersionIdMarker: 'null' })
    expect(rest.Versions).toMatchObject([{ Key: 'b' }])
  })
})
