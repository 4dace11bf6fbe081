import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { Readable } from 'node:stream'

import { describe, expect, test } from 'vitest'

import { testStores } from '../../support/databases.ts'
import { Bucket, encryptedBucket, me } from '../../support/encrypted-bucket.ts'

import { refused } from '../../support/s3-service.ts'

const MIB = 1024 ** 2
const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex')

describe.each(testStores)('encryption of copies on $dialect', ({ create }) => {
  const { s3, createKey, withKey, read, files, upload, putPlain } = encryptedBucket(create)

  test('copies go from any encryption to any other, moving bytes only where the key changes', async () => {
    const [one, two] = [await createKey(), await createKey()]
    const whole = randomBytes(200_000)
    const encryptions: Record<string, object> = { s3: {}, one: withKey(one), two: withKey(two) }
    for (const [name, more] of Object.entries(encryptions)) {
      await s3.call('PutObject', { Bucket, Key: name, Body: Readable.from([whole]), ...more })
    }
    for (const from of Object.keys(encryptions)) {
      for (const [to, more] of Object.entries(encryptions)) {
        const before = (await files()).length
        const copied = await s3.call('CopyObject', {
          Bucket,
          Key: `${from}-${to}`,
          CopySource: `${Bucket}/${from}`,
          ...more,
        })
        expect((await files()).length - before, `${from} to ${to}`).toBe(from === to ? 0 : 1)
        expect(copied.SSEKMSKeyId).toBe((more as { SSEKMSKeyId?: string }).SSEKMSKeyId)
        if (to === 's3') expect(copied.CopyObjectResult?.ETag).toBe(`"${md5(whole)}"`)
        else expect(copied.CopyObjectResult?.ETag).not.toContain(md5(whole))
        expect((await read(`${from}-${to}`)).equals(whole), `${from} to ${to}`).toBe(true)
        // The copy's data key is bound to the copy.
        const row = await s3.database.query
          .selectFrom('s3_objects')
          .select('encryption')
          .where('key', '=', `${from}-${to}`)
          .executeTakeFirstOrThrow()
        const { context } = JSON.parse(row.encryption as string)
        if (to !== 's3') expect(context).toEqual({ 'aws:s3:arn': `arn:aws:s3:::${Bucket}/${from}-${to}` })
      }
    }
    await s3.kms.call('DisableKey', { KeyId: one }, me)
    expect((await read('one-two')).equals(whole)).toBe(true)
    expect((await read('one-s3')).equals(whole)).toBe(true)
    expect(await refused(s3.call('CopyObject', { Bucket, Key: 'x', CopySource: `${Bucket}/one` }))).toMatchObject({
      code: 'KMS.DisabledException',
    })
  })

  test('an object is encrypted otherwise by a copy onto itself', async () => {
    const key = await createKey()
    await s3.put(Bucket, 'a', 'v')
    const self = { Bucket, Key: 'a', CopySource: `${Bucket}/a` }
    expect((await refused(s3.call('CopyObject', self))).code).toBe('InvalidRequest')
    expect(await s3.call('CopyObject', { ...self, ...withKey(key) })).toMatchObject({ SSEKMSKeyId: key })
    expect((await read('a')).toString()).toBe('v')
    const inParts = await upload('big', [randomBytes(5 * MIB), Buffer.of(1)])
    await inParts.complete()
    const before = await read('big')
    const copied = await s3.call('CopyObject', {
      Bucket,
      Key: 'big',
      CopySource: `${Bucket}/big`,
      ...withKey(key),
      ChecksumAlgorithm: 'SHA256',
    })
    expect(copied.CopyObjectResult?.ChecksumSHA256).toBe(createHash('sha256').update(before).digest('base64'))
    expect(copied.CopyObjectResult?.ETag).not.toMatch(/-2"$/)
    expect((await read('big')).equals(before)).toBe(true)
  })

  test('parts are copied from objects of any encryption', async () => {
    const [one, two] = [await createKey(), await createKey()]
    const whole = randomBytes(5 * MIB + 3000)
    const encryptions: Record<string, object> = { s3: {}, one: withKey(one), two: withKey(two) }
    for (const [name, more] of Object.entries(encryptions)) {
      await s3.call('PutObject', { Bucket, Key: name, Body: Readable.from([whole]), ...more })
    }
    await putPlain('plain', 'p'.repeat(1000))
    for (const more of Object.values(encryptions)) {
      const Key = 'parts'
      const { UploadId = '' } = await s3.call('CreateMultipartUpload', { Bucket, Key, ...more })
      const sources = ['s3', 'one', 'two', 'plain']
      const Parts = []
      for (const [index, name] of sources.entries()) {
        const range = name === 'plain' ? {} : { CopySourceRange: `bytes=1000-${5 * MIB + 1999}` }
        const part = { Bucket, Key, UploadId, PartNumber: index + 1, CopySource: `${Bucket}/${name}`, ...range }
        const { CopyPartResult, ...shown } = await s3.call('UploadPartCopy', part)
        expect(shown.SSEKMSKeyId).toBe((more as { SSEKMSKeyId?: string }).SSEKMSKeyId)
        Parts.push({ PartNumber: index + 1, ETag: CopyPartResult?.ETag })
      }
      await s3.call('CompleteMultipartUpload', { Bucket, Key, UploadId, MultipartUpload: { Parts } })
      const piece = whole.subarray(1000, 5 * MIB + 2000)
      const expected = Buffer.concat([piece, piece, piece, Buffer.from('p'.repeat(1000))])
      expect((await read(Key)).equals(expected)).toBe(true)
      const edge = piece.length
      expect((await read(Key, `bytes=${edge - 5}-${edge + 5}`)).equals(expected.subarray(edge - 5, edge + 6))).toBe(
        true,
      )
    }
  })

  test('objects from before are read as they were, claim nothing, and are encrypted when they are copied', async () => {
    await putPlain('old', 'written before')
    const head = await s3.call('HeadObject', { Bucket, Key: 'old' })
    expect(head.ServerSideEncryption).toBeUndefined()
    expect((await read('old')).toString()).toBe('written before')
    expect((await read('old', 'bytes=8-13')).toString()).toBe('before')
    const copy = { Bucket, Key: 'new', CopySource: `${Bucket}/old` }
    expect(await s3.call('CopyObject', copy)).toMatchObject({ ServerSideEncryption: 'AES256' })
    expect((await read('new')).toString()).toBe('written before')
    const holding = await Promise.all(
      (await files()).map(async (file) => (await readFile(file)).includes('written before')),
    )
    expect(holding.filter(Boolean)).toHaveLength(1)
  })

  test('an upload begun before is gone on with', async () => {
    const { UploadId, complete } = await upload('big', [randomBytes(5 * MIB), Buffer.of(7)])
    await s3.database.commit([
      { query: s3.database.query.updateTable('s3_uploads').set({ encryption: null }).compile() },
    ])
    const late = { Bucket, Key: 'big', UploadId, PartNumber: 2, Body: Readable.from([Buffer.of(7)]) }
    expect((await s3.call('UploadPart', late)).ServerSideEncryption).toBeUndefined()
    expect((await complete()).ServerSideEncryption).toBeUndefined()
    expect((await read('big')).at(-1)).toBe(7)
  })
})
