import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { S3Operations } from '../../../src/model/generated/s3.ts'
import { INLINE_BYTES } from '../../../src/services/s3/content/small-content.ts'
import { putObject } from '../../../src/services/s3/objects/put-object.ts'
import { sweepReleased } from '../../../src/services/s3/released-sweeper.ts'
import { BlobCorruptError } from '../../../src/storage/blobs/blob-store.ts'
import { statement } from '../../../src/storage/statement.ts'
import { testStores } from '../../support/databases.ts'
import { ACCOUNT, accountRoot, refused, startS3, type TestS3 } from '../../support/s3-service.ts'

const MIB = 1024 ** 2
const HOUR = 3_600_000
const me = accountRoot(ACCOUNT)
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex')

describe.each(testStores)('small objects on $dialect', ({ create }) => {
  let s3: TestS3
  const Bucket = 'outputs'
  beforeEach(async () => {
    s3 = await startS3(await create())
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  const files = async () =>
    (await readdir(s3.folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length
  const inRows = async () =>
    (await s3.database.query.selectFrom('s3_slices').select('owner_id').where('content', 'is not', null).execute())
      .length
  const put = (Key: string, bytes: Uint8Array, more: object = {}) =>
    s3.call('PutObject', { Bucket, Key, Body: Readable.from(bytes.length === 0 ? [] : [bytes]), ...more })
  const read = async (Key: string, more: Partial<S3Operations['GetObject']['input']> = {}) => {
    const { Body } = await s3.call('GetObject', { Bucket, Key, ...more })
    return Body instanceof Readable ? buffer(Body) : Buffer.from(Body ?? [])
  }
  const setSlice = (owner: string, changed: object) =>
    s3.database.commit([
      statement(s3.database.query.updateTable('s3_slices').set(changed).where('owner_id', '=', owner)),
    ])

  test('up to a limit bytes lie sealed in the row and are written by one unit, beyond it in a file', async () => {
    for (const [size, place] of [
      [1, [0, 1]],
      [INLINE_BYTES - 1, [0, 2]],
      [INLINE_BYTES, [0, 3]],
      [INLINE_BYTES + 1, [1, 3]],
    ] as const) {
      const bytes = randomBytes(size)
      const units: number[] = []
      const stop = s3.database.onCommit((unit) => units.push(unit.length))
      const { ETag } = await put(`k${size}`, bytes)
      stop()
      expect([ETag, units.length]).toEqual([`"${md5(bytes)}"`, 1])
      expect([await files(), await inRows()]).toEqual(place)
      expect((await read(`k${size}`)).equals(bytes)).toBe(true)
      expect(await s3.call('HeadObject', { Bucket, Key: `k${size}` })).toMatchObject({ ContentLength: size })
    }
  })

  test('bodies of unknown length that come in pieces end up whole, on either side of the limit', async () => {
    for (const size of [INLINE_BYTES - 1, INLINE_BYTES, INLINE_BYTES + 1, 400_000]) {
      const bytes = randomBytes(size)
      const Body = Readable.from(
        (function* () {
          for (let at = 0; at < size; at += 777) yield bytes.subarray(at, at + 777)
        })(),
      )
      await s3.call('PutObject', { Bucket, Key: 'k', Body })
      expect((await read('k')).equals(bytes), `${size}`).toBe(true)
    }
    const Body = Readable.from([Buffer.of(1), 'text'])
    await expect(s3.call('PutObject', { Bucket, Key: 'k', Body })).rejects.toThrow('A body consists of bytes')
  })

  test('ranges are cut out of the row', async () => {
    const bytes = randomBytes(INLINE_BYTES)
    await put('k', bytes)
    for (const [from, to] of [
      [0, 0],
      [0, 99],
      [5_000, 5_001],
      [INLINE_BYTES - 1, INLINE_BYTES - 1],
      [1, INLINE_BYTES - 2],
    ] as const) {
      expect((await read('k', { Range: `bytes=${from}-${to}` })).equals(bytes.subarray(from, to + 1))).toBe(true)
    }
    const beyond = s3.call('GetObject', { Bucket, Key: 'k', Range: `bytes=${INLINE_BYTES}-` })
    expect(await refused(beyond)).toMatchObject({ code: 'InvalidRange' })
  })

  test('copies have the bytes of their own, between all kinds of keys, and outlive the source', async () => {
    const bytes = randomBytes(1_000)
    const [one, two] = await Promise.all(
      [0, 1].map(async () => (await s3.kms.call('CreateKey', {}, me, 'us-east-1')).KeyMetadata?.Arn as string),
    )
    const kinds: Record<string, object> = {
      s3: {},
      one: { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: one },
      two: { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: two },
    }
    const copies: string[] = []
    for (const [from, more] of Object.entries(kinds)) {
      await put(from, bytes, more)
      for (const [to, target] of Object.entries(kinds)) {
        for (const ChecksumAlgorithm of [undefined, 'SHA256'] as const) {
          const Key = `${from}-${to}-${ChecksumAlgorithm}`
          await s3.call('CopyObject', { Bucket, Key, CopySource: `${Bucket}/${from}`, ChecksumAlgorithm, ...target })
          copies.push(Key)
        }
      }
      await s3.call('DeleteObject', { Bucket, Key: from })
    }
    s3.now += HOUR
    expect(await sweepReleased(s3.deps, new AbortController().signal)).toBe(0)
    expect([await inRows(), await files()]).toEqual([copies.length, 0])
    for (const Key of copies) expect((await read(Key)).equals(bytes), Key).toBe(true)
  })

  test('small parts make up objects, and are copied from, together with large ones', async () => {
    const contents = [randomBytes(5 * MIB), randomBytes(900)]
    const whole = Buffer.concat(contents)
    const upload = async (Key: string, part: (number: number, upload: object) => Promise<string | undefined>) => {
      const { UploadId = '' } = await s3.call('CreateMultipartUpload', { Bucket, Key })
      const Parts: { PartNumber: number; ETag: string | undefined }[] = []
      for (const PartNumber of [1, 2]) {
        Parts.push({ PartNumber, ETag: await part(PartNumber, { Bucket, Key, UploadId, PartNumber }) })
      }
      await s3.call('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload: { Parts } })
    }
    await upload('a', async (number, named) => {
      const Body = Readable.from([contents[number - 1] as Buffer])
      return (await s3.call('UploadPart', { ...named, Body } as S3Operations['UploadPart']['input'])).ETag
    })
    expect([await files(), await inRows()]).toEqual([1, 1])
    expect((await read('a')).equals(whole)).toBe(true)
    expect((await read('a', { PartNumber: 2 })).equals(contents[1] as Buffer)).toBe(true)
    const edge = 5 * MIB
    expect(
      (await read('a', { Range: `bytes=${edge - 9}-${edge + 9}` })).equals(whole.subarray(edge - 9, edge + 10)),
    ).toBe(true)
    const ranges = [undefined, `bytes=${edge + 100}-${edge + 199}`]
    await upload('b', async (number, named) => {
      const part = { ...named, CopySource: `${Bucket}/a`, CopySourceRange: ranges[number - 1] }
      const copied = await s3.call('UploadPartCopy', part as S3Operations['UploadPartCopy']['input'])
      return copied.CopyPartResult?.ETag
    })
    await s3.call('DeleteObject', { Bucket, Key: 'a' })
    s3.now += HOUR
    await sweepReleased(s3.deps, new AbortController().signal)
    const expected = Buffer.concat([whole, whole.subarray(edge + 100, edge + 200)])
    expect((await read('b')).equals(expected)).toBe(true)
    expect((await read('b', { PartNumber: 2 })).equals(expected.subarray(-100))).toBe(true)
    expect((await read('b', { Range: 'bytes=-150' })).equals(expected.subarray(-150))).toBe(true)
  })

  test('whoever reads while others overwrite sees one content, whole', async () => {
    const bodies = Array.from({ length: 30 }, (_, n) => Buffer.alloc(n % 2 === 0 ? 2_000 + n : 40_000 + n, n + 1))
    const tags = new Map(bodies.map((bytes) => [`"${md5(bytes)}"`, bytes]))
    await put('k', bodies[0] as Buffer)
    const reading = Array.from({ length: 30 }, async () => {
      const { Body, ETag = '', ContentLength } = await s3.call('GetObject', { Bucket, Key: 'k' })
      return { ETag, ContentLength, bytes: await buffer(Body as Readable) }
    })
    const [seen] = await Promise.all([Promise.all(reading), ...bodies.map((bytes) => put('k', bytes))])
    for (const { ETag, ContentLength, bytes } of seen) {
      expect(tags.get(ETag)?.equals(bytes)).toBe(true)
      expect(ContentLength).toBe(bytes.length)
    }
    s3.now += HOUR
    await sweepReleased(s3.deps, new AbortController().signal)
    expect((await files()) + (await inRows())).toBe(1)
  })

  test('bytes that were changed, cut, or moved to another row are an error and never an answer', async () => {
    await put('a', Buffer.alloc(500, 'a'))
    await put('b', Buffer.alloc(500, 'b'))
    const rows = await s3.database.query.selectFrom('s3_slices').selectAll().execute()
    const [one, two] = rows as [(typeof rows)[0], (typeof rows)[0]]
    const content = Buffer.from(one.content as Uint8Array)
    const changed = Buffer.from(content)
    changed[7] = (changed[7] as number) ^ 1
    const broken = async () =>
      (await Promise.allSettled(['a', 'b'].map((key) => read(key, { Range: 'bytes=400-409' })))).filter(
        (outcome) => outcome.status === 'rejected' && outcome.reason instanceof BlobCorruptError,
      ).length
    for (const wrong of [
      { content: changed },
      { content: content.subarray(0, -1) },
      { content: new Uint8Array() },
      { content: two.content },
      { content: two.content, blob_id: two.blob_id },
      { sealed_key: two.sealed_key },
      { sealed_key: null },
    ]) {
      await setSlice(one.owner_id, wrong)
      expect(await broken(), Object.keys(wrong).join()).toBe(1)
      await setSlice(one.owner_id, { content, blob_id: one.blob_id, sealed_key: one.sealed_key })
      expect(await broken()).toBe(0)
    }
  })

  test('what was written as a file before is read, copied and replaced as ever', async () => {
    const Body = Readable.from([Buffer.from('small, in a file')])
    await putObject({ ...s3.deps, inlineBytes: 0 }, { Bucket, Key: 'old', Body }, s3.context())
    expect([await files(), await inRows()]).toEqual([1, 0])
    expect((await read('old')).toString()).toBe('small, in a file')
    await s3.call('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/old` })
    await put('old', Buffer.from('small, in a row'))
    s3.now += HOUR
    expect(await sweepReleased(s3.deps, new AbortController().signal)).toBe(0)
    expect((await read('old')).toString()).toBe('small, in a row')
    expect((await read('copy')).toString()).toBe('small, in a file')
    await s3.call('DeleteObject', { Bucket, Key: 'copy' })
    s3.now += HOUR
    expect(await sweepReleased(s3.deps, new AbortController().signal)).toBe(1)
    expect([await files(), await inRows()]).toEqual([0, 1])
  })
})
