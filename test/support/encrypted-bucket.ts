import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach } from 'vitest'
import type { S3Operations } from '../../src/model/generated/s3.ts'
import type { testStores } from './databases.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, startS3, type TestS3 } from './s3-service.ts'

const REGION = 'us-east-1'
export const me = accountRoot(ACCOUNT)
export const other = accountRoot(OTHER_ACCOUNT)
export const Bucket = 'models'

/** A bucket for each test of a `describe`, and what they do with it. */
export function encryptedBucket(create: (typeof testStores)[number]['create']) {
  let current: TestS3
  /** Of the test that runs. */
  const s3 = new Proxy({} as TestS3, { get: (_, name) => Reflect.get(current, name) })
  beforeEach(async () => {
    current = await startS3(await create())
    await s3.call('CreateBucket', { Bucket })
  })
  afterEach(() => current.stop())

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

  return { s3, createKey, withKey, setDefault, read, files, upload, putPlain }
}

/** The configuration of a bucket that says how objects are encrypted which do not say it themselves. */
export function rule(byDefault: object): object {
  return { Rules: [{ ApplyServerSideEncryptionByDefault: byDefault }] }
}
