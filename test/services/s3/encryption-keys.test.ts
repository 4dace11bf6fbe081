import { createHash, randomBytes } from 'node:crypto'

import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'

import { createS3Facade } from '../../../src/services/s3/s3-facade.ts'

import { testStores } from '../../support/databases.ts'
import { Bucket, encryptedBucket, me, other } from '../../support/encrypted-bucket.ts'
import { eventually } from '../../support/eventually.ts'
import { allow, policyOf } from '../../support/identities.ts'
import { ACCOUNT, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'

const MIB = 1024 ** 2
const REGION = 'us-east-1'
const md5 = (bytes: Uint8Array | string) => createHash('md5').update(bytes).digest('hex')
const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')

describe.each(testStores)('encryption of objects under keys of KMS on $dialect', ({ create }) => {
  const { s3, createKey, withKey, read, files, upload } = encryptedBucket(create)

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
