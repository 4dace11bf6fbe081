import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CompletedPart, UploadPartRequest } from '../../../src/model/generated/s3.ts'
import { createCrc } from '../../../src/shared/crc.ts'
import { testStores } from '../../support/databases.ts'
import { refused, startS3, type TestS3 } from '../../support/s3-service.ts'

const MIB = 1024 ** 2
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest()
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const crc = (algorithm: 'CRC32' | 'CRC64NVME', bytes: Uint8Array) => {
  const running = createCrc(algorithm)
  running.update(bytes)
  return Buffer.from(running.digest()).toString('base64')
}

describe.each(testStores)('uploads in parts on $dialect', ({ create }) => {
  let s3: TestS3
  const Bucket = 'models'
  const Key = 'big'
  const contents = [randomBytes(5 * MIB), randomBytes(5 * MIB + 1), randomBytes(1000)]
  const whole = Buffer.concat(contents)
  beforeEach(async () => {
    s3 = await startS3(await create())
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  const begin = async (more = {}) => {
    const { UploadId = '' } = await s3.call('CreateMultipartUpload', { Bucket, Key, ...more })
    return UploadId
  }
  const upload = (UploadId: string, PartNumber: number, bytes: Uint8Array, more: Partial<UploadPartRequest> = {}) =>
    s3.call('UploadPart', { Bucket, Key, UploadId, PartNumber, Body: Readable.from([bytes]), ...more })
  const uploadAll = async (UploadId: string): Promise<CompletedPart[]> => {
    const parts = await Promise.all(contents.map((bytes, index) => upload(UploadId, index + 1, bytes)))
    return parts.map(({ ETag }, index) => ({ ETag, PartNumber: index + 1 }))
  }
  const complete = (UploadId: string, Parts: CompletedPart[], more = {}) =>
    s3.call('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more })
  const read = async (more = {}) => {
    const { Body } = await s3.call('GetObject', { Bucket, Key, ...more })
    return Body instanceof Readable ? buffer(Body) : Buffer.from(Body ?? [])
  }

  test('become one object, read whole, in ranges across parts, and by part', async () => {
    const UploadId = await begin({ ContentType: 'application/x-tar', Metadata: { a: 'b' } })
    const parts = await uploadAll(UploadId)
    expect(await refused(s3.call('HeadObject', { Bucket, Key }))).toMatchObject({ code: 'NoSuchKey' })
    const etag = `"${md5(Buffer.concat(contents.map(md5))).toString('hex')}-3"`
    expect(await complete(UploadId, parts)).toEqual({
      Location: 'http://127.0.0.1:8770/models/big',
      Bucket,
      Key,
      ETag: etag,
      ChecksumCRC64NVME: crc('CRC64NVME', whole),
      ChecksumType: 'FULL_OBJECT',
      ServerSideEncryption: 'AES256',
    })
    expect(await s3.call('HeadObject', { Bucket, Key })).toMatchObject({
      ETag: etag,
      ContentLength: whole.length,
      ContentType: 'application/x-tar',
      Metadata: { a: 'b' },
    })
    expect((await read()).equals(whole)).toBe(true)
    const edge = 5 * MIB
    for (const [first, last] of [
      [edge - 1, edge],
      [edge, edge],
      [0, 0],
      [100, whole.length - 1],
      [edge - 5, 2 * edge + 500],
    ] as const) {
      const range = await read({ Range: `bytes=${first}-${last}` })
      expect(range.equals(whole.subarray(first, last + 1)), `${first}-${last}`).toBe(true)
    }
    const second = await s3.call('HeadObject', { Bucket, Key, PartNumber: 2 })
    expect(second).toMatchObject({
      PartsCount: 3,
      ContentLength: contents[1]?.length,
      ContentRange: `bytes ${edge}-${2 * edge}/${whole.length}`,
    })
    expect((await read({ PartNumber: 3 })).equals(contents[2] ?? Buffer.of())).toBe(true)
    expect(await refused(s3.call('GetObject', { Bucket, Key, PartNumber: 4 }))).toMatchObject({
      code: 'InvalidPartNumber',
      members: { ActualPartCount: 3, PartNumberRequested: 4 },
    })
  })

  test('are completed once more as the first time, and are gone otherwise', async () => {
    const UploadId = await begin()
    const parts = await uploadAll(UploadId)
    const answers = await Promise.all([complete(UploadId, parts), complete(UploadId, parts)])
    expect(answers[0]).toEqual(answers[1])
    expect(await complete(UploadId, parts)).toEqual(answers[0])
    await s3.put(Bucket, Key, 'other')
    const gone = {
      code: 'NoSuchUpload',
      status: 404,
      message:
        'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
      members: { UploadId },
    }
    expect(await refused(complete(UploadId, parts))).toMatchObject(gone)
    expect(await refused(upload(UploadId, 1, Buffer.of(1)))).toMatchObject(gone)
    expect(await refused(s3.call('AbortMultipartUpload', { Bucket, Key, UploadId }))).toMatchObject(gone)
    expect(await refused(s3.call('ListParts', { Bucket, Key, UploadId }))).toMatchObject(gone)
    expect(await s3.text(Bucket, Key)).toBe('other')
  })

  test('refuse lists that do not fit what was uploaded, and stay as they are', async () => {
    const UploadId = await begin()
    const parts = await uploadAll(UploadId)
    const [one, two, three] = parts as [CompletedPart, CompletedPart, CompletedPart]
    const cases = [
      [[], 'InvalidRequest'],
      [[two, one], 'InvalidPartOrder'],
      [[one, one], 'InvalidPartOrder'],
      [[one, { ...two, ETag: '"x"' }], 'InvalidPart'],
      [[one, { ETag: one.ETag, PartNumber: 9 }], 'InvalidPart'],
      [[{ ETag: one.ETag }], 'MalformedXML'],
    ] as const
    for (const [list, code] of cases) {
      expect(await refused(complete(UploadId, [...list])), JSON.stringify(list)).toMatchObject({ code, status: 400 })
    }
    await upload(UploadId, 4, Buffer.of(1))
    const small = [one, two, three, { PartNumber: 4, ETag: md5(Buffer.of(1)).toString('hex') }]
    expect(await refused(complete(UploadId, small))).toMatchObject({
      code: 'EntityTooSmall',
      message: 'Your proposed upload is smaller than the minimum allowed size',
      members: { PartNumber: 3, ProposedSize: 1000, MinSizeAllowed: 5 * MIB },
    })
    expect(await refused(complete(UploadId, parts, { MpuObjectSize: 5 }))).toMatchObject({ code: 'InvalidRequest' })
    expect(await refused(complete(UploadId, parts, { ChecksumCRC64NVME: 'AAAAAAAAAAA=' }))).toMatchObject({
      code: 'BadDigest',
    })
    await complete(UploadId, parts, { MpuObjectSize: whole.length, ChecksumCRC64NVME: crc('CRC64NVME', whole) })
    expect((await read()).equals(whole)).toBe(true)
  })

  test('replace a part that is uploaded again, and leave out those not listed', async () => {
    const UploadId = await begin()
    await upload(UploadId, 1, randomBytes(100))
    await upload(UploadId, 7, randomBytes(100))
    const { ETag } = await upload(UploadId, 1, Buffer.from('second'))
    const listed = await s3.call('ListParts', { Bucket, Key, UploadId })
    expect(listed.Parts?.map((part) => [part.PartNumber, part.Size])).toEqual([
      [1, 6],
      [7, 100],
    ])
    await complete(UploadId, [{ PartNumber: 1, ETag }])
    expect(await s3.text(Bucket, Key)).toBe('second')
    expect((await s3.call('HeadObject', { Bucket, Key, PartNumber: 1 })).PartsCount).toBe(1)
  })

  test('may end in, or consist of, an empty part', async () => {
    const UploadId = await begin()
    const first = await upload(UploadId, 1, contents[0] ?? Buffer.of())
    const last = await s3.call('UploadPart', { Bucket, Key, UploadId, PartNumber: 2 })
    await complete(UploadId, [
      { PartNumber: 1, ETag: first.ETag },
      { PartNumber: 2, ETag: last.ETag },
    ])
    expect((await read()).equals(contents[0] ?? Buffer.of())).toBe(true)
    expect(await s3.call('HeadObject', { Bucket, Key, PartNumber: 2 })).toMatchObject({
      ContentLength: 0,
      PartsCount: 2,
    })
    expect((await read({ PartNumber: 2 })).length).toBe(0)
  })

  test('carry composite checksums when begun so', async () => {
    const UploadId = await begin({ ChecksumAlgorithm: 'SHA256' })
    const parts = await Promise.all(
      contents.map(async (bytes, index) => {
        const ChecksumSHA256 = sha256(bytes).toString('base64')
        const { ETag } = await upload(UploadId, index + 1, bytes, { ChecksumSHA256 })
        return { ETag, PartNumber: index + 1, ChecksumSHA256 }
      }),
    )
    expect(await refused(upload(UploadId, 1, Buffer.of(1), { ChecksumAlgorithm: 'CRC32' }))).toMatchObject({
      message: 'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32',
    })
    const without = parts.map(({ ETag, PartNumber }) => ({ ETag, PartNumber }))
    expect((await refused(complete(UploadId, without))).message).toContain('It was missing for part 1 in the request.')
    const wrong = parts.map((part) => ({ ...part, ChecksumSHA256: parts[0]?.ChecksumSHA256 }))
    expect(await refused(complete(UploadId, wrong))).toMatchObject({ code: 'InvalidPart' })
    const composite = `${sha256(Buffer.concat(contents.map(sha256))).toString('base64')}-3`
    expect(await complete(UploadId, parts)).toMatchObject({ ChecksumSHA256: composite, ChecksumType: 'COMPOSITE' })
    expect(await s3.call('HeadObject', { Bucket, Key, ChecksumMode: 'ENABLED' })).toMatchObject({
      ChecksumSHA256: composite,
      ChecksumType: 'COMPOSITE',
    })
    const attributes = await s3.call('GetObjectAttributes', {
      Bucket,
      Key,
      ObjectAttributes: ['ObjectParts', 'Checksum'],
      MaxParts: 2,
    })
    expect(attributes.Checksum?.ChecksumSHA256).toBe(composite.replace('-3', ''))
    expect(attributes.ObjectParts).toMatchObject({
      TotalPartsCount: 3,
      IsTruncated: true,
      NextPartNumberMarker: 2,
      Parts: parts.slice(0, 2).map(({ PartNumber, ChecksumSHA256 }) => ({ PartNumber, ChecksumSHA256 })),
    })
  })

  test('join checksums of the full object from those of the parts', async () => {
    const UploadId = await begin({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' })
    const parts = await uploadAll(UploadId)
    expect(await complete(UploadId, parts)).toMatchObject({
      ChecksumCRC32: crc('CRC32', whole),
      ChecksumType: 'FULL_OBJECT',
    })
  })

  test('refuse combinations of checksum and type that do not exist', async () => {
    for (const more of [
      { ChecksumAlgorithm: 'SHA1', ChecksumType: 'FULL_OBJECT' },
      { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' },
      { ChecksumType: 'COMPOSITE' },
    ]) {
      expect(await refused(begin(more))).toMatchObject({ code: 'InvalidRequest' })
    }
  })

  test('take part numbers from 1 to 10000', async () => {
    const UploadId = await begin()
    for (const PartNumber of [0, -1, 10_001, 1.5]) {
      expect(await refused(upload(UploadId, PartNumber, Buffer.of(1)))).toMatchObject({
        code: 'InvalidArgument',
        message: 'Part number must be an integer between 1 and 10000, inclusive',
      })
    }
    await upload(UploadId, 10_000, Buffer.of(1))
  })

  test('are not completed without being named', async () => {
    const nameless = s3.call('CompleteMultipartUpload', { Bucket, Key } as never)
    expect(await refused(nameless)).toMatchObject({ code: 'MethodNotAllowed', status: 405 })
  })

  test('are given up, listed, and written under conditions', async () => {
    const first = await begin()
    const second = await begin()
    await s3.call('CreateMultipartUpload', { Bucket, Key: 'dir/x' })
    const all = await s3.call('ListMultipartUploads', { Bucket, Delimiter: '/' })
    expect(all.Uploads?.map((entry) => entry.Key)).toEqual([Key, Key])
    expect(all.CommonPrefixes).toEqual([{ Prefix: 'dir/' }])
    const page = await s3.call('ListMultipartUploads', { Bucket, MaxUploads: 1 })
    expect(page).toMatchObject({ IsTruncated: true, NextKeyMarker: Key })
    const rest = await s3.call('ListMultipartUploads', {
      Bucket,
      KeyMarker: page.NextKeyMarker,
      UploadIdMarker: page.NextUploadIdMarker,
    })
    expect(rest.Uploads?.map((entry) => entry.Key)).toEqual([Key, 'dir/x'])
    expect([page.Uploads?.[0]?.UploadId, rest.Uploads?.[0]?.UploadId].sort()).toEqual([first, second].sort())

    await s3.call('AbortMultipartUpload', { Bucket, Key, UploadId: first })
    const { ETag } = await upload(second, 1, Buffer.of(1))
    await s3.put(Bucket, Key, 'there')
    const late = complete(second, [{ ETag, PartNumber: 1 }], { IfNoneMatch: '*' })
    expect(await refused(late)).toMatchObject({ code: 'PreconditionFailed', status: 412 })
    const wrongKey = s3.call('ListParts', { Bucket, Key: 'another', UploadId: second })
    expect(await refused(wrongKey)).toMatchObject({ code: 'NoSuchUpload' })
    await complete(second, [{ ETag, PartNumber: 1 }])
    expect((await s3.call('ListMultipartUploads', { Bucket, Prefix: Key })).Uploads).toEqual([])
  })

  test('copy parts from objects, whole and in ranges', async () => {
    const source = await begin()
    await complete(source, await uploadAll(source))
    const target = { Bucket, Key: 'copy' }
    const { UploadId = '' } = await s3.call('CreateMultipartUpload', target)
    const edge = 5 * MIB
    const ranges = [
      [0, edge + 99],
      [edge - 10, 2 * edge],
    ] as const
    const parts: CompletedPart[] = []
    for (const [index, [first, last]] of ranges.entries()) {
      const { CopyPartResult } = await s3.call('UploadPartCopy', {
        ...target,
        UploadId,
        PartNumber: index + 1,
        CopySource: `${Bucket}/${Key}`,
        CopySourceRange: `bytes=${first}-${last}`,
      })
      expect(CopyPartResult?.ETag).toBe(`"${md5(whole.subarray(first, last + 1)).toString('hex')}"`)
      parts.push({ PartNumber: index + 1, ETag: CopyPartResult?.ETag })
    }
    const last = await s3.call('UploadPartCopy', { ...target, UploadId, PartNumber: 3, CopySource: `${Bucket}/${Key}` })
    parts.push({ PartNumber: 3, ETag: last.CopyPartResult?.ETag })
    const done = await s3.call('CompleteMultipartUpload', { ...target, UploadId, MultipartUpload: { Parts: parts } })
    const expected = Buffer.concat([...ranges.map(([from, to]) => whole.subarray(from, to + 1)), whole])
    expect(done.ChecksumCRC64NVME).toBe(crc('CRC64NVME', expected))
    await s3.call('DeleteObject', { Bucket, Key })
    const { Body } = await s3.call('GetObject', target)
    expect((await buffer(Body as Readable)).equals(expected)).toBe(true)
    const refusals = [
      ['bytes=5-4', 'InvalidArgument'],
      ['bytes=0-99999999', 'InvalidArgument'],
      ['0-1', 'InvalidArgument'],
    ] as const
    const again = await s3.call('CreateMultipartUpload', target)
    for (const [CopySourceRange, code] of refusals) {
      const copy = s3.call('UploadPartCopy', {
        ...target,
        UploadId: again.UploadId ?? '',
        PartNumber: 1,
        CopySource: `${Bucket}/copy`,
        CopySourceRange,
      })
      expect(await refused(copy)).toMatchObject({ code })
    }
  })
})
