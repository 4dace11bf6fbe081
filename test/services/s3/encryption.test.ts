import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { S3Operations } from '../../../src/model/generated/s3.ts'
import { createS3Facade } from '../../../src/services/s3/s3-facade.ts'
import { BlobCorruptError } from '../../../src/storage/blobs/blob-store.ts'
import { CHUNK_BYTES } from '../../../src/storage/blobs/sealed-chunks.ts'
import { testStores } from '../../support/databases.ts'
import { eventually } from '../../support/eventually.ts'
import { allow, policyOf } from '../../support/identities.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused, startS3, type TestS3 } from '../../support/s3-service.ts'

const MIB = 1024 ** 2
const REGION = 'us-east-1'
const me = accountRoot(ACCOUNT)
const other = accountRoot(OTHER_ACCOUNT)
const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex')
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')

describe.each(testStores)('encryption of objects on $dialect', ({ create }) => {
  let s3: TestS3
  const Bucket = 'models'
  beforeEach(async () => {
    s3 = await startS3(await create())
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => s3.stop())

  const createKey = async (owner = me, region = REGION) =>
    (await s3.kms.call('CreateKey', {}, owner, region)).KeyMetadata?.Arn as string
  const withKey = (SSEKMSKeyId?: string) => ({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId }) as const
  const setDefault = (rule: object) =>
    s3.call('PutBucketEncryption', {
      Bucket,
      ServerSideEncryptionConfiguration: { Rules: [rule] },
    } as S3Operations['PutBucketEncryption']['input'])
  const read = async (Key: string, Range?: string) => {
    const { Body } = await s3.call('GetObject', { Bucket, Key, Range })
    return Body instanceof Readable ? buffer(Body) : Buffer.from(Body ?? [])
  }
  const files = async () =>
    (await readdir(s3.folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  const upload = async (Key: string, contents: readonly Uint8Array[], more: object = {}) => {
    const { UploadId = '', ...begun } = await s3.call('CreateMultipartUpload', { Bucket, Key, ...more })
    const Parts: ({ PartNumber: number } & S3Operations['UploadPart']['output'])[] = []
    for (const [index, bytes] of contents.entries()) {
      const part = { Bucket, Key, UploadId, PartNumber: index + 1, Body: Readable.from([bytes]) }
      Parts.push({ PartNumber: index + 1, ...(await s3.call('UploadPart', part)) })
    }
    const complete = () =>
      s3.call('CompleteMultipartUpload', {
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) },
      })
    return { UploadId, begun, parts: Parts, complete }
  }
  /** A row and a file as versions before encryption left them. */
  const putPlain = async (Key: string, text: string) => {
    await s3.put(Bucket, Key, text)
    const { blobId } = await s3.deps.blobs.write(Readable.from([Buffer.from(text)]), { digests: [] })
    const object = s3.database.query.selectFrom('s3_objects').select('object_id').where('key', '=', Key)
    await s3.database.commit([
      {
        query: s3.database.query
          .updateTable('s3_slices')
          .set({ sealed_key: null, blob_id: blobId, content: null })
          .where('owner_id', '=', object)
          .compile(),
      },
      { query: s3.database.query.updateTable('s3_objects').set({ encryption: null }).where('key', '=', Key).compile() },
    ])
  }

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

  test('an object under a key of KMS tells nothing of its bytes, and the key is asked each time', async () => {
    const key = await createKey()
    const put = await s3.put(Bucket, 'a', 'hello', withKey(key))
    expect(put).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key })
    expect(put.BucketKeyEnabled).toBeUndefined()
    expect(put.ETag).toMatch(/^"[0-9a-f]{32}"$/)
    expect(put.ETag).not.toContain(md5('hello'))
    expect((await s3.put(Bucket, 'b', 'hello', withKey(key))).ETag).not.toBe(put.ETag)
    expect((await read('a')).toString()).toBe('hello')
    await s3.put(Bucket, 'empty', '', withKey(key))
    await s3.kms.call('DisableKey', { KeyId: key }, me)
    const disabled = { code: 'KMS.DisabledException', status: 400, message: `${key} is disabled.` }
    for (const Key of ['a', 'empty']) {
      expect(await refused(s3.call('GetObject', { Bucket, Key }))).toMatchObject(disabled)
    }
    expect(await refused(s3.put(Bucket, 'a', 'new', withKey(key)))).toMatchObject(disabled)
    // What is kept beside the bytes needs no key, but for checksums.
    expect(await s3.call('HeadObject', { Bucket, Key: 'a' })).toMatchObject({ ETag: put.ETag, SSEKMSKeyId: key })
    const checksum = s3.call('HeadObject', { Bucket, Key: 'a', ChecksumMode: 'ENABLED' })
    expect(await refused(checksum)).toMatchObject(disabled)
    const attributes = s3.call('GetObjectAttributes', { Bucket, Key: 'a', ObjectAttributes: ['Checksum'] })
    expect(await refused(attributes)).toMatchObject(disabled)
    await s3.kms.call('EnableKey', { KeyId: key }, me)
    expect((await read('a')).toString()).toBe('hello')
    await s3.kms.call('ScheduleKeyDeletion', { KeyId: key, PendingWindowInDays: 7 }, me)
    expect(await refused(s3.call('GetObject', { Bucket, Key: 'a' }))).toMatchObject({
      code: 'KMS.KMSInvalidStateException',
      status: 400,
      message: `${key} is pending deletion.`,
    })
  })

  test('KMS is told of which object or bucket it is, and what the caller adds', async () => {
    const key = await createKey()
    const SSEKMSEncryptionContext = base64({ team: 'ml' })
    const put = await s3.put(Bucket, 'dir/ä', 'v', { ...withKey(key), SSEKMSEncryptionContext })
    expect(put.SSEKMSEncryptionContext).toBe(SSEKMSEncryptionContext)
    await s3.put(Bucket, 'b', 'v', { ...withKey(key), BucketKeyEnabled: true })
    const stored = await s3.database.query.selectFrom('s3_objects').select(['key', 'encryption']).execute()
    const contexts = new Map(stored.map((row) => [row.key, JSON.parse(row.encryption as string).context]))
    expect(contexts.get('dir/ä')).toEqual({ team: 'ml', 'aws:s3:arn': `arn:aws:s3:::${Bucket}/dir/ä` })
    expect(contexts.get('b')).toEqual({ 'aws:s3:arn': `arn:aws:s3:::${Bucket}` })
    expect((await read('dir/ä')).toString()).toBe('v')
  })

  test('keys are named by id, ARN or alias; those that cannot be used are refused in the words of KMS', async () => {
    const key = await createKey()
    const id = key.split('/').at(-1) as string
    await s3.kms.call('CreateAlias', { AliasName: 'alias/data', TargetKeyId: id }, me)
    for (const name of [id, key, 'alias/data', `arn:aws:kms:${REGION}:${ACCOUNT}:alias/data`]) {
      expect(await s3.put(Bucket, 'a', 'v', withKey(name))).toMatchObject({ SSEKMSKeyId: key })
      expect((await read('a')).toString()).toBe('v')
    }
    const elsewhere = await createKey(me, 'us-west-2')
    const foreign = await createKey(other)
    const missing = '00000000-0000-4000-8000-000000000000'
    const cases: [string, string, number, string | RegExp][] = [
      ['fake-key-id', 'KMS.NotFoundException', 400, "Invalid keyId 'fake-key-id'"],
      [missing, 'KMS.NotFoundException', 400, `Key 'arn:aws:kms:${REGION}:${ACCOUNT}:key/${missing}' does not exist`],
      [elsewhere, 'KMS.NotFoundException', 400, 'Invalid arn us-west-2'],
      ['alias/none', 'KMS.NotFoundException', 400, /alias\/none is not found/],
      [
        `arn:aws:kms:${REGION}:999999999999:key/${missing}`,
        'AccessDenied',
        403,
        /is not authorized to perform: kms:GenerateDataKey on resource: /,
      ],
      [
        foreign,
        'AccessDenied',
        403,
        /^User: arn:aws:iam::123456789012:root is not authorized to perform: kms:GenerateDataKey on resource: /,
      ],
    ]
    for (const [name, code, status, message] of cases) {
      const text = typeof message === 'string' ? message : expect.stringMatching(message)
      for (const attempt of [
        () => s3.put(Bucket, 'no', 'v', withKey(name)),
        () => s3.call('CreateMultipartUpload', { Bucket, Key: 'no', ...withKey(name) }),
        () => s3.call('CopyObject', { Bucket, Key: 'no', CopySource: `${Bucket}/a`, ...withKey(name) }),
      ]) {
        expect(await refused(attempt())).toMatchObject({ code, status, message: text })
      }
    }
    expect(await refused(s3.call('HeadObject', { Bucket, Key: 'no' }))).toMatchObject({ code: 'NoSuchKey' })
    expect(await files()).toEqual([])
  })

  test.each<[object, string]>([
    [
      { SSEKMSKeyId: 'k' },
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    ],
    [
      { ServerSideEncryption: 'AES256', SSEKMSKeyId: 'k' },
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    ],
    [
      { SSEKMSEncryptionContext: base64({}) },
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
    ],
    [{ ServerSideEncryption: 'aes256' }, 'The encryption method specified is not supported'],
    [{ ServerSideEncryption: 'aws:fsx' }, 'The encryption method specified is not supported'],
    ...[
      '{"a":"b"}',
      '%%%',
      base64([]),
      base64({ a: 1 }),
      base64({ a: {} }),
      'bnVsbA==',
      Buffer.of(0x7b, 0xff, 0x7d).toString('base64'),
    ].map((SSEKMSEncryptionContext): [object, string] => [
      { ServerSideEncryption: 'aws:kms', SSEKMSEncryptionContext },
      "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map",
    ]),
    [
      { ServerSideEncryption: 'aws:kms', SSEKMSEncryptionContext: base64({ 'aws:s3:arn': 'arn:aws:s3:::other/key' }) },
      'The encryption context key aws:s3:arn is set by S3.',
    ],
  ])('what does not go together is refused: %j', async (more, message) => {
    for (const attempt of [
      s3.put(Bucket, 'a', 'v', more),
      s3.call('CreateMultipartUpload', { Bucket, Key: 'a', ...more }),
    ]) {
      expect(await refused(attempt)).toMatchObject({ code: 'InvalidArgument', status: 400, message })
    }
    expect(await files()).toEqual([])
  })

  test('who has no name has no keys of KMS', async () => {
    const nobody = { principal: { ...me, kind: 'anonymous' as const } }
    await s3.put(Bucket, 'a', 'v', withKey(await createKey()))
    const { encryption } = await s3.database.query.selectFrom('s3_objects').selectAll().executeTakeFirstOrThrow()
    const open = s3.deps.keys.open(nobody, encryption)
    expect(await refused(open)).toMatchObject({ code: 'InvalidArgument', members: { ArgumentName: 'Authorization' } })
  })

  test('an upload keeps the key it was begun with, and needs it to the end', async () => {
    const key = await createKey()
    const contents = [randomBytes(5 * MIB), randomBytes(1000)]
    const shown = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key }
    const begun = await upload('big', contents, withKey(key))
    expect(begun.begun).toMatchObject(shown)
    expect(begun.parts).toMatchObject([shown, shown])
    expect(begun.parts[1]?.ETag).not.toContain(md5(contents[1] as Buffer))
    await s3.kms.call('DisableKey', { KeyId: key }, me)
    const disabled = { code: 'KMS.DisabledException' }
    const part = { Bucket, Key: 'big', UploadId: begun.UploadId, PartNumber: 3 }
    expect(await refused(s3.call('UploadPart', { ...part, Body: Readable.from([Buffer.of(1)]) }))).toMatchObject(
      disabled,
    )
    expect(await refused(begun.complete())).toMatchObject(disabled)
    await s3.kms.call('EnableKey', { KeyId: key }, me)
    const done = await begun.complete()
    expect(done).toMatchObject(shown)
    expect(done.ETag).toMatch(/-2"$/)
    expect((await read('big')).equals(Buffer.concat(contents))).toBe(true)
    // Completing once more is answered from the object.
    expect(await begun.complete()).toEqual(done)
  })

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

  test('a role of another account reads what bucket, key and its own policies allow, and all of them must', async () => {
    const facade = createS3Facade(s3.deps)
    const key = await createKey()
    await s3.put(Bucket, 'model', 'weights', withKey(key))
    const role = await s3.kms.identities.role(OTHER_ACCOUNT, 'execution', allow(['s3:GetObject', 'kms:Decrypt']))
    const weak = await s3.kms.identities.role(OTHER_ACCOUNT, 'without-keys', allow(['s3:GetObject']))
    const read = async (who = role) => (await buffer((await facade.getObject(who, Bucket, 'model')).body)).toString()
    const denied = (action: string) => ({ code: 'AccessDenied', status: 403, message: expect.stringContaining(action) })
    expect(await refused(read())).toMatchObject(denied('s3:GetObject'))
    const Policy = policyOf({
      Effect: 'Allow',
      Principal: { AWS: OTHER_ACCOUNT },
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    })
    await s3.call('PutBucketPolicy', { Bucket, Policy })
    await eventually(async () => expect(await refused(read())).toMatchObject(denied('kms:Decrypt')))
    const context = { 'aws:s3:arn': `arn:aws:s3:::${Bucket}/model` }
    const grant = (GranteePrincipal: string, EncryptionContextEquals: Record<string, string>) =>
      s3.kms.call(
        'CreateGrant',
        { KeyId: key, GranteePrincipal, Operations: ['Decrypt'], Constraints: { EncryptionContextEquals } },
        me,
      )
    await grant(role.roleArn as string, { 'aws:s3:arn': `arn:aws:s3:::${Bucket}/another` })
    expect(await refused(read())).toMatchObject(denied('kms:Decrypt'))
    await grant(role.roleArn as string, context)
    expect(await read()).toBe('weights')
    // A grant to the account leaves it to the policies of its identities.
    await grant(other.arn, context)
    expect(await refused(read(weak))).toMatchObject(denied('kms:Decrypt'))
    await s3.call('DeleteBucketPolicy', { Bucket })
    await eventually(async () => expect(await refused(read())).toMatchObject(denied('s3:GetObject')))
  })

  test('the facade reads and writes with keys as who it acts for', async () => {
    const facade = createS3Facade(s3.deps)
    const key = await createKey(other)
    const denied = { code: 'AccessDenied', status: 403, message: expect.stringContaining('kms:GenerateDataKey') }
    const put = () => facade.putObject(me, Bucket, 'a', Buffer.from('hello'), { kmsKeyId: key })
    expect(await refused(put())).toMatchObject(denied)
    const grant = (...Operations: ('Decrypt' | 'GenerateDataKey')[]) =>
      s3.kms.call('CreateGrant', { KeyId: key, GranteePrincipal: me.arn, Operations }, other)
    await grant('GenerateDataKey')
    const { etag } = await put()
    expect(await facade.headObject(me, Bucket, 'a')).toMatchObject({ etag, size: 5, sseKmsKeyId: key })
    expect(await refused(facade.getObject(me, Bucket, 'a'))).toMatchObject({
      code: 'AccessDenied',
      message: expect.stringContaining('kms:Decrypt'),
    })
    const { GrantId = '' } = await grant('Decrypt')
    const { body } = await facade.getObject(me, Bucket, 'a')
    expect((await buffer(body)).toString()).toBe('hello')
    await s3.kms.call('RevokeGrant', { KeyId: key, GrantId }, other)
    expect(await refused(facade.getObject(me, Bucket, 'a'))).toMatchObject({ code: 'AccessDenied' })
    await s3.put(Bucket, 'b', 'v')
    expect((await facade.headObject(me, Bucket, 'b')).sseKmsKeyId).toBeUndefined()
  })
})

function rule(byDefault: object): object {
  return { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] }
}
