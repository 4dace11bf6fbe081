import { createHash, randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  NoSuchBucket,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
  waitUntilBucketExists,
  waitUntilBucketNotExists,
  waitUntilObjectExists,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientConfig } from '../support/aws-sdk.ts'
import { eventually } from '../support/eventually.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'

const MIB = 1024 * 1024
const Bucket = 'sdk-objects'
let slipway: Slipway
let s3: S3Client

beforeAll(async () => {
  slipway = await startSlipway()
  s3 = new S3Client({ ...clientConfig(slipway), forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket }))
})
afterAll(async () => {
  s3?.destroy()
  await slipway?.stop()
})

const read = async (Key: string, client = s3): Promise<Buffer> => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  return Buffer.from((await Body?.transformToByteArray()) ?? [])
}
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('S3 with the AWS SDK for JavaScript', () => {
  it('makes and lists buckets, waits for them, and deletes them', async () => {
    const name = { Bucket: 'sdk-short-lived' }
    const made = await s3.send(new CreateBucketCommand(name))
    expect(made.Location).toBe('/sdk-short-lived')
    const wait = { client: s3, maxWaitTime: 10 }
    expect((await waitUntilBucketExists(wait, name)).state).toBe('SUCCESS')
    const { Buckets, Owner } = await s3.send(new ListBucketsCommand({}))
    expect(Buckets?.map((bucket) => bucket.Name)).toEqual([Bucket, name.Bucket])
    expect([Buckets?.[0]?.CreationDate instanceof Date, Owner?.ID]).toEqual([true, expect.any(String)])
    await s3.send(new DeleteBucketCommand(name))
    expect((await waitUntilBucketNotExists(wait, name)).state).toBe('SUCCESS')
  })

  it('keeps body, metadata, headers and tags, and computes the checksum the client asks for', async () => {
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'a/ü b+c.txt',
        Body: 'content',
        ContentType: 'text/plain',
        CacheControl: 'no-cache',
        Metadata: { one: '1' },
        Tagging: 'team=ml&x=y%20z',
        ChecksumAlgorithm: 'SHA256',
      }),
    )
    expect(put.ChecksumSHA256).toBe(createHash('sha256').update('content').digest('base64'))
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/ü b+c.txt', ChecksumMode: 'ENABLED' }))
    expect(await got.Body?.transformToString()).toBe('content')
    expect(got).toMatchObject({
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      Metadata: { one: '1' },
      ContentLength: 7,
      ETag: put.ETag,
      ChecksumSHA256: put.ChecksumSHA256,
      TagCount: 2,
    })
    const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'a/ü b+c.txt' }))
    expect(TagSet).toEqual([
      { Key: 'team', Value: 'ml' },
      { Key: 'x', Value: 'y z' },
    ])
  })

  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'takes a stream whose length is known, with a trailing %s',
    async (ChecksumAlgorithm) => {
      const body = randomBytes(3 * MIB + 17)
      const Key = `stream-${ChecksumAlgorithm}`
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body: Readable.from(slices(body)),
          ContentLength: body.length,
          ChecksumAlgorithm,
        }),
      )
      expect(sha256(await read(Key))).toBe(sha256(body))
      const got = await s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
      expect(await got.Body?.transformToByteArray()).toHaveLength(body.length)
    },
  )

  it('takes a stream of unknown length in parts, and leaves no upload when it is given up', async () => {
    const body = randomBytes(13 * MIB + 1)
    const upload = new Upload({ client: s3, params: { Bucket, Key: 'unknown', Body: Readable.from(slices(body)) } })
    const seen: number[] = []
    upload.on('httpUploadProgress', ({ loaded }) => seen.push(loaded ?? 0))
    const done = await upload.done()
    expect(done.ETag).toMatch(/-3"$/)
    expect(Math.max(...seen)).toBe(body.length)
    expect(sha256(await read('unknown'))).toBe(sha256(body))

    const endless = Readable.from(
      (async function* () {
        for (;;) yield randomBytes(MIB)
      })(),
    )
    const given = new Upload({ client: s3, params: { Bucket, Key: 'given-up', Body: endless } })
    given.on('httpUploadProgress', () => void given.abort())
    await expect(given.done()).rejects.toThrow(/abort/i)
    endless.destroy()
    await eventually(async () =>
      expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined(),
    )
    await expect(read('given-up')).rejects.toBeInstanceOf(NoSuchKey)
  })

  it('reads ranges and under conditions', async () => {
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'range', Body: '0123456789' }))
    const part = await s3.send(new GetObjectCommand({ Bucket, Key: 'range', Range: 'bytes=2-4' }))
    expect([await part.Body?.transformToString(), part.ContentRange]).toEqual(['234', 'bytes 2-4/10'])
    const beyond = s3.send(new GetObjectCommand({ Bucket, Key: 'range', Range: 'bytes=100-' }))
    await expect(beyond).rejects.toMatchObject({ name: 'InvalidRange', $metadata: { httpStatusCode: 416 } })
    const same = s3.send(new GetObjectCommand({ Bucket, Key: 'range', IfNoneMatch: ETag }))
    await expect(same).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } })
    const again = s3.send(new PutObjectCommand({ Bucket, Key: 'range', Body: 'x', IfNoneMatch: '*' }))
    await expect(again).rejects.toMatchObject({ name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } })
  })

  it('copies, heads, waits, pages and deletes many', async () => {
    const keys = Array.from({ length: 25 }, (_, index) => `page/${String(index).padStart(2, '0')}`)
    await Promise.all(keys.map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))))
    const copied = await s3.send(
      new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/${encodeURIComponent(keys[0] ?? '')}` }),
    )
    expect(copied.CopyObjectResult?.ETag).toMatch(/^"[0-9a-f]{32}"$/)
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'copy' }))).ContentLength).toBe(7)
    expect((await waitUntilObjectExists({ client: s3, maxWaitTime: 10 }, { Bucket, Key: 'copy' })).state).toBe(
      'SUCCESS',
    )
    const pages: string[][] = []
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 10 }, { Bucket, Prefix: 'page/' }))
      pages.push((page.Contents ?? []).map(({ Key }) => Key ?? ''))
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5])
    expect(pages.flat()).toEqual(keys)
    const gone = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }))
    expect([gone.Deleted?.length, gone.Errors]).toEqual([25, undefined])
  })

  it('throws the classes that users catch', async () => {
    await expect(read('nothing')).rejects.toBeInstanceOf(NoSuchKey)
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'nothing' }))).rejects.toBeInstanceOf(NotFound)
    const absent = s3.send(new PutObjectCommand({ Bucket: 'not-there', Key: 'k', Body: 'x' }))
    await expect(absent).rejects.toBeInstanceOf(NoSuchBucket)
    const error = (await s3.send(new DeleteBucketCommand({ Bucket })).catch((caught) => caught)) as S3ServiceException
    expect(error).toBeInstanceOf(S3ServiceException)
    expect([error.name, error.$metadata.httpStatusCode, error.$metadata.requestId]).toEqual([
      'BucketNotEmpty',
      409,
      expect.any(String),
    ])
  })

  it('presigns what plain HTTP then uses', async () => {
    const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: 'signed', ContentType: 'text/csv' }), {
      expiresIn: 60,
    })
    const sent = await fetch(put, { method: 'PUT', body: '1,2,3', headers: { 'content-type': 'text/csv' } })
    expect([sent.status, await sent.text()]).toEqual([200, ''])
    const get = await getSignedUrl(
      s3,
      new GetObjectCommand({ Bucket, Key: 'signed', ResponseContentDisposition: 'attachment; filename="a b.csv"' }),
    )
    const got = await fetch(get)
    expect([await got.text(), got.headers.get('content-disposition')]).toEqual([
      '1,2,3',
      'attachment; filename="a b.csv"',
    ])
    expect((await fetch(get.replace('/signed?', '/other?'))).status).toBe(403)
  })

  it('addresses buckets as hosts', async () => {
    const lookup = (_host: string, options: { all?: boolean }, done: (...found: unknown[]) => void) =>
      options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
    const httpAgent = new Agent({ lookup: lookup as never })
    const endpoint = `http://localhost:${slipway.port}`
    const hosted = new S3Client({ ...clientConfig(slipway), endpoint, requestHandler: { httpAgent } })
    try {
      await hosted.send(new CreateBucketCommand({ Bucket: 'sdk-hosted' }))
      await hosted.send(new PutObjectCommand({ Bucket: 'sdk-hosted', Key: 'a/b', Body: 'by host' }))
      const got = await hosted.send(new GetObjectCommand({ Bucket: 'sdk-hosted', Key: 'a/b' }))
      expect(await got.Body?.transformToString()).toBe('by host')
      const url = await getSignedUrl(hosted, new GetObjectCommand({ Bucket: 'sdk-hosted', Key: 'a/b' }))
      expect(new URL(url).hostname).toBe('sdk-hosted.localhost')
    } finally {
      hosted.destroy()
    }
  })
})

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}
