import type { Readable } from 'node:stream'
import type { Statement } from '../../../storage/database.ts'
import type { ObjectRow } from '../../../storage/schema/s3.ts'
import type { BucketPlace } from '../buckets/bucket-store.ts'
import { DEFAULT_ALGORITHM } from '../checksums/checksum.ts'
import {
  type BodyClaims,
  dropUnlessCommitted,
  type ReceivedContent,
  receiveContent,
  slicesOf,
} from '../content/receive-content.ts'
import { insertSlices, type Slice } from '../content/slice-store.ts'
import type { WriteKeys } from '../encryption/content-keys.ts'
import { entityTag } from '../encryption/entity-tag.ts'
import type { S3Deps } from '../s3-deps.ts'
import { newObjectId, putObjectUnit } from './object-store.ts'
import type { WriteCondition } from './write-condition.ts'

/** What is known of an object before its bytes. */
export type ObjectDescription = Pick<ObjectRow, 'key' | 'storage_class' | 'headers' | 'metadata' | 'tags'>

interface StoreOptions {
  readonly keys: WriteKeys
  readonly claims: BodyClaims
  readonly condition: WriteCondition
  readonly signal?: AbortSignal
}

/** An object whose bytes have been taken in, and which is there once its unit is committed. */
export interface ReadyObject {
  readonly object: ObjectRow
  readonly content: ReceivedContent
  readonly slices: readonly Slice[]
  readonly unit: () => readonly Statement[]
}

/** Takes a body in for the object of a key. */
export async function readyObject(
  deps: S3Deps,
  bucket: BucketPlace,
  description: ObjectDescription,
  body: Readable | Uint8Array | undefined,
  { keys, claims, condition, signal }: StoreOptions,
): Promise<ReadyObject> {
  const content = await receiveContent(deps, body, claims, { box: keys.box, signal })
  const algorithm = content.chosen ?? DEFAULT_ALGORITHM
  const now = deps.clock.now()
  const object: ObjectRow = {
    ...description,
    bucket: bucket.name,
    object_id: newObjectId(),
    size: content.size,
    etag: entityTag(keys.encryption, content.md5),
    last_modified: Math.floor(now / 1000) * 1000,
    checksum_algorithm: algorithm,
    checksum_type: 'FULL_OBJECT',
    checksum: content.checksums[algorithm] ?? '',
    part_count: null,
    upload_id: null,
    encryption: keys.encryption,
  }
  const slices = slicesOf(content, 1, null)
  const unit = () => [
    ...putObjectUnit(deps.database, bucket.account, object, condition, now),
    ...insertSlices(deps.database, object.object_id, slices),
  ]
  return { object, content, slices, unit }
}

/** Takes a body in and makes it the object of the key. When it resolves, bytes and row are on the disk. */
export async function storeObject(
  deps: S3Deps,
  bucket: BucketPlace,
  description: ObjectDescription,
  body: Readable | Uint8Array | undefined,
  options: StoreOptions,
): Promise<ObjectRow> {
  const { object, content, unit } = await readyObject(deps, bucket, description, body, options)
  await dropUnlessCommitted(deps, content, deps.database.commit(unit()))
  return object
}
