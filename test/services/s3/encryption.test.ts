import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'

import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import type { S3Operations } from '../../../src/model/generated/s3.ts'

import { BlobCorruptError } from '../../../src/storage/blobs/blob-store.ts'
import { CHUNK_BYTES } from '../../../src/storage/blobs/sealed-chunks.ts'
import { testStores } from '../../support/databases.ts'
import { Bucket, encryptedBucket, me, rule } from '../../support/encrypted-bucket.ts'

import { refused } from '../../support/s3-service.ts'

const MIB = 1024 ** 2
const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex')

describe.each(testStores)('encryption of objects on $dialect', ({ create }) => {
  const { s3, createKey, withKey, setDefault, read, files, upload } = encryptedBucket(create)

  test('every object is encrypted, said so, and nothing of it can be read on the disk', async () => {
    const line = 'the weights are secret; '
    const text = line.repeat(20_000)
    const sse = { ServerSideEncryption: 'AES256' }
    expect(await s3.put(Bucket, 'a', text)).toMatchObject({ ...sse, ETag: `"${md5(text)}"` })
    expect(await s3.put(Bucket, 'named', 'v', { ServerSideEncryption: 'AES256' })).toMatchObject(sse)
    expect(await s3.put(Bucket, 'empty', '')).toMatchObject(sse)
    expect(await s3.call('HeadObject', { Bucket, Key: 'a' })).toMatchObject({ ...sse, ContentLength: text.length })
    const big = await upload('big', [Buffer.from(line.repeat(300_000)), Buffer.from(line)])
    expect(big.begun).toMatchObject(sse)
    expect(big.parts).toMatchObject([sse, sse])
    expect(await big.complete()).toMatchObject(sse)
    expect(await s3.call('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/a` })).toMatchObject(sse)
    expect((await read('copy')).toString()).toBe(text)
    expect((await read('big')).toString()).toBe(line.repeat(300_001))
    expect(await read('empty')).toHaveLength(0)
    for (const file of await files()) {
      const stored = await readFile(file)
      expect(stored.includes('secret'), file).toBe(false)
    }
    expect(await files()).toHaveLength(2)
    const rows = await s3.database.query.selectFrom('s3_slices').select('content').execute()
    const contents = rows
      .filter(({ content }) => content !== null)
      .map(({ content }) => Buffer.from(content as Uint8Array))
    expect(contents.map((content) => content.includes('secret'))).toEqual([false, false])
  })

  test('ranges come from every place, across parts and chunks', async () => {
    const contents = [5 * MIB + 1, 5 * MIB + CHUNK_BYTES - 1, 70_000].map((size) => randomBytes(size))
    const whole = Buffer.concat(contents)
    const { complete } = await upload('big', contents)
    await complete()
    const first = contents[0]?.length as number
    const second = first + (contents[1]?.length as number)
    const places = [0, CHUNK_BYTES, first, first + CHUNK_BYTES, second, second + CHUNK_BYTES, whole.length - 1]
    for (const place of places) {
      for (const [from, to] of [
        [place - 1, place],
        [place, place + 1],
        [place - CHUNK_BYTES, place + CHUNK_BYTES],
      ] as const) {
        const [start, end] = [Math.max(0, from), Math.min(whole.length - 1, to)]
        expect(
          (await read('big', `bytes=${start}-${end}`)).equals(whole.subarray(start, end + 1)),
          `${start}-${end}`,
        ).toBe(true)
      }
    }
    expect((await read('big', 'bytes=-70001')).equals(whole.subarray(-70_001))).toBe(true)
    const part = await s3.call('GetObject', { Bucket, Key: 'big', PartNumber: 2 })
    expect((await buffer(part.Body as Readable)).equals(contents[1] as Buffer)).toBe(true)
  })

  test('bytes that were changed on the disk are an error and never an answer', async () => {
    await s3.put(Bucket, 'a', 'x'.repeat(100_000))
    const [file] = await files()
    const stored = await readFile(file as string)
    stored[70_000] = (stored[70_000] as number) ^ 1
    await writeFile(file as string, stored)
    await expect(read('a')).rejects.toThrow(BlobCorruptError)
    await expect(read('a', 'bytes=65536-65536')).rejects.toThrow(BlobCorruptError)
    expect((await read('a', 'bytes=0-99')).toString()).toBe('x'.repeat(100))
    await s3.put(Bucket, 'b', 'y'.repeat(100_000))
    const [one, two] = await s3.database.query.selectFrom('s3_slices').select(['owner_id', 'sealed_key']).execute()
    await s3.database.commit([
      {
        query: s3.database.query
          .updateTable('s3_slices')
          .set({ sealed_key: two?.sealed_key as string })
          .where('owner_id', '=', one?.owner_id as string)
          .compile(),
      },
    ])
    const broken = Promise.allSettled(['a', 'b'].map((key) => read(key, 'bytes=0-9')))
    expect((await broken).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('a bucket has a default, which can be set, read and reset', async () => {
    const rules = async () =>
      (await s3.call('GetBucketEncryption', { Bucket })).ServerSideEncryptionConfiguration?.Rules
    const usual = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }
    expect(await rules()).toMatchObject([usual])
    const keyArn = await createKey()
    const rule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
      BucketKeyEnabled: true,
    }
    await setDefault(rule)
    expect(await rules()).toMatchObject([rule])
    const shown = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: keyArn, BucketKeyEnabled: true }
    expect(await s3.put(Bucket, 'a', 'v')).toMatchObject(shown)
    expect(await s3.call('HeadObject', { Bucket, Key: 'a' })).toMatchObject(shown)
    const plain = await s3.put(Bucket, 'b', 'v', { ServerSideEncryption: 'AES256' })
    expect(plain).toMatchObject({ ServerSideEncryption: 'AES256' })
    expect(plain.BucketKeyEnabled).toBeUndefined()
    // A key of its own, with the bucket's choice about bucket keys; the header alone turns that around.
    const own = await createKey()
    expect(await s3.put(Bucket, 'c', 'v', withKey(own))).toMatchObject({ SSEKMSKeyId: own, BucketKeyEnabled: true })
    const without = await s3.put(Bucket, 'd', 'v', { BucketKeyEnabled: false })
    expect(without).toMatchObject({ SSEKMSKeyId: keyArn })
    expect(without.BucketKeyEnabled).toBeUndefined()
    await s3.call('DeleteBucketEncryption', { Bucket })
    await s3.call('DeleteBucketEncryption', { Bucket })
    expect(await rules()).toMatchObject([usual])
    expect((await read('a')).toString()).toBe('v')
    await setDefault({ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } })
    const { SSEKMSKeyId } = await s3.put(Bucket, 'managed', 'v')
    const { KeyMetadata } = await s3.kms.call('DescribeKey', { KeyId: 'alias/aws/s3' }, me)
    expect(SSEKMSKeyId).toBe(KeyMetadata?.Arn)
    expect((await read('managed')).toString()).toBe('v')
  })

  test.each<[string, object, string]>([
    ['no rule', { Rules: [] }, 'MalformedXML'],
    ['two rules', { Rules: [{}, {}] }, 'MalformedXML'],
    ['an unknown algorithm', rule({ SSEAlgorithm: 'ROT13' }), 'MalformedXML'],
    ['a key without KMS', rule({ SSEAlgorithm: 'AES256', KMSMasterKeyID: 'k' }), 'InvalidArgument'],
    ['two layers', rule({ SSEAlgorithm: 'aws:kms:dsse' }), 'NotImplemented'],
    ['keys of the caller', { Rules: [{ BlockedEncryptionTypes: { EncryptionType: ['NONE'] } }] }, 'NotImplemented'],
  ])('a default of %s is refused', async (_what, configuration, code) => {
    const put = s3.call('PutBucketEncryption', {
      Bucket,
      ServerSideEncryptionConfiguration: configuration,
    } as S3Operations['PutBucketEncryption']['input'])
    expect(await refused(put)).toMatchObject({ code })
    await s3.put(Bucket, 'a', 'v')
  })
})
