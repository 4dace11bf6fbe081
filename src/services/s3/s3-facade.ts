import { Readable } from 'node:stream'
import type { Principal } from '../../access/principal.ts'
import { BlobCorruptError } from '../../storage/blobs/blob-store.ts'
import { StorageFullError } from '../../storage/errors.ts'
import type { BucketRow, ObjectRow } from '../../storage/schema/s3.ts'
import type { AccessQuestion } from '../authorizer.ts'
import { s3Arn } from './access/s3-arn.ts'
import { requireBucket } from './buckets/bucket-access.ts'
import { isBucketName } from './buckets/bucket-name.ts'
import type { BucketPlace } from './buckets/bucket-store.ts'
import { inlineBytes } from './content/inline-bytes.ts'
import { dropContent, dropUnlessCommitted } from './content/receive-content.ts'
import { insertSlicesOf, type Slice } from './content/slice-store.ts'
import { kmsKeyOf } from './encryption/object-encryption.ts'
import { diskFull, preconditionFailed } from './errors.ts'
import type { PreparedObject, S3Facade, S3ObjectHead, S3WriteOptions } from './facade.ts'
import { readObjectRows } from './listing/object-page.ts'
import { checkKey } from './objects/object-key.ts'
import { decodeHeaders, encodeHeaders, encodeMetadata } from './objects/object-metadata.ts'
import { type PutObject, putObjectsUnit } from './objects/object-store.ts'
import { matchesEtag } from './objects/preconditions.ts'
import { requireObject } from './objects/require-object.ts'
import { findSmallObjects, type SmallObject } from './objects/small-objects.ts'
import { readyObject } from './objects/store-object.ts'
import type { S3Deps } from './s3-deps.ts'

const PAGE = 1000

/** S3 for the other services, under the same rules as over the wire. */
export function createS3Facade(deps: S3Deps): S3Facade {
  const puts = new WeakMap<PreparedObject, PutObject & { readonly slices: readonly Slice[] }>()

  async function mayRead(principal: Principal, bucketName: string, key: string): Promise<boolean> {
    // Not a refusal yet: nobody is told.
    const { allowed } = await deps.authorizer.decide(questionOf(principal, 's3:GetObject', bucketName, key))
    return allowed
  }

  async function admit(
    principal: Principal,
    action: string,
    bucketName: string,
    key?: string,
    conditions?: AccessQuestion['conditions'],
  ): Promise<BucketRow> {
    await deps.authorizer.require(questionOf(principal, action, bucketName, key, conditions))
    return requireBucket(deps, principal, bucketName)
  }

  /**
   * The bucket as it is kept in memory: it was looked up before the decision, and the unit that writes into it has a guard that it
   * still has this owner. Another default encryption acts when the change feed says so.
   */
  async function admitWrite(principal: Principal, bucketName: string, key: string): Promise<BucketPlace> {
    const known = deps.buckets.find(bucketName)
    const bucket = known instanceof Promise ? await known : known
    await deps.authorizer.require(questionOf(principal, 's3:PutObject', bucketName, key))
    // What is wrong with it is told as it always is.
    return bucket ?? requireBucket(deps, principal, bucketName)
  }

  async function find(principal: Principal, bucketName: string, key: string): Promise<ObjectRow> {
    const bucket = await admit(principal, 's3:GetObject', bucketName, key)
    checkKey(key)
    return requireObject(deps, bucket, key, { principal })
  }

  async function prepareObject(
    principal: Principal,
    bucketName: string,
    key: string,
    body: Readable | Uint8Array,
    options: S3WriteOptions = {},
  ): Promise<PreparedObject> {
    const { contentType, kmsKeyId, signal } = options
    signal?.throwIfAborted()
    const bucket = await admitWrite(principal, bucketName, key)
    checkKey(key)
    const description = {
      key,
      storage_class: 'STANDARD',
      headers: encodeHeaders({ ContentType: contentType }),
      metadata: encodeMetadata(),
      tags: null,
    }
    const encryption = kmsKeyId === undefined ? {} : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyId }
    const keys = await deps.keys.create({ principal }, bucket, key, encryption)
    const write = { keys, claims: {}, condition: { kind: 'none' }, signal } as const
    const ready = await readyObject(deps, bucket, description, body, write).catch(refuseWhenFull)
    const { object, content, slices, unit } = ready
    const prepared: PreparedObject = {
      etag: object.etag,
      size: object.size,
      get statements() {
        return unit()
      },
      settle: (commit) => dropUnlessCommitted(deps, content, commit),
      drop: () => dropContent(deps, content),
    }
    puts.set(prepared, { account: bucket.account, object, slices })
    return prepared
  }

  return {
    async checkAccess(principal, action, bucketName, key) {
      await admit(principal, action, bucketName, key)
    },

    async headObject(principal, bucket, key) {
      return toHead(await find(principal, bucket, key))
    },

    async getObject(principal, bucket, key, options = {}) {
      const object = await find(principal, bucket, key)
      if (options.ifMatch !== undefined && !matchesEtag(options.ifMatch, object.etag)) {
        throw preconditionFailed('If-Match')
      }
      const owner = { id: object.object_id, box: await deps.keys.open({ principal }, object.encryption) }
      const body = object.size === 0 ? Readable.from([]) : await deps.content.open(owner, 0, object.size - 1)
      stopOnAbort(body, options.signal)
      return { ...toHead(object), body }
    },

    async readSmallObjects(principal, bucketName, keys) {
      const read = new Map<string, S3ObjectHead & { readonly bytes: Buffer }>()
      if (!isBucketName(bucketName)) return read
      const allowed: string[] = []
      for (const key of new Set(keys)) if (await mayRead(principal, bucketName, key)) allowed.push(key)
      for (const { account, object, slice, content } of await findSmallObjects(deps.database, bucketName, allowed)) {
        // What takes a decision or a key of KMS, or is damaged, is told by the read of that object alone.
        if (account !== principal.account && account !== deps.buckets.lastOwner(bucketName)) continue
        if (kmsKeyOf(object.encryption) !== undefined) continue
        const box = await deps.keys.open({ principal }, object.encryption)
        const bytes = unlessCorrupt(() => inlineBytes(slice, content, box))
        if (bytes !== undefined) read.set(object.key, { ...toHead(object), bytes })
      }
      return read
    },

    async *listObjects(principal, bucketName, prefix) {
      const asked = { 's3:prefix': prefix, 's3:delimiter': '' }
      const bucket = await admit(principal, 's3:ListBucket', bucketName, undefined, asked)
      let after: string | undefined
      for (;;) {
        const rows = await readObjectRows(deps.database, bucket.name, prefix, after, PAGE)
        yield* rows.map(toHead)
        after = rows.at(-1)?.key
        if (rows.length < PAGE) return
      }
    },

    prepareObject,

    unitOf(objects) {
      const all = objects.map((object) => {
        const put = puts.get(object)
        if (put === undefined) throw new TypeError('the object was prepared by somebody else')
        return put
      })
      const owners = all.map(({ object, slices }) => ({ ownerId: object.object_id, slices }))
      return [...putObjectsUnit(deps.database, all, deps.clock.now()), ...insertSlicesOf(deps.database, owners)]
    },

    async putObject(principal, bucketName, key, body, options) {
      const { etag, statements, settle } = await prepareObject(principal, bucketName, key, body, options)
      await settle(deps.database.commit(statements)).catch(refuseWhenFull)
      return { etag }
    },
  }
}

/** What policies see of a request that never was on a wire: as safe and as signed as can be. */
const IN_PROCESS = {
  'aws:securetransport': 'true',
  's3:authtype': 'REST-HEADER',
  's3:signatureversion': 'AWS4-HMAC-SHA256',
}

const questionOf = (
  principal: Principal,
  action: string,
  bucketName: string,
  key?: string,
  conditions?: AccessQuestion['conditions'],
): AccessQuestion => ({
  ...{ principal, action, service: 's3' },
  resource: s3Arn(bucketName, key),
  conditions: conditions === undefined ? IN_PROCESS : { ...IN_PROCESS, ...conditions },
})

function unlessCorrupt<T>(open: () => T): T | undefined {
  try {
    return open()
  } catch (error) {
    if (error instanceof BlobCorruptError) return undefined
    throw error
  }
}

/** @throws ServiceUnavailable for a full disk, as over the wire; any other error as it is */
function refuseWhenFull(error: unknown): never {
  throw error instanceof StorageFullError ? diskFull(error) : error
}

const toHead = (object: SmallObject['object']): S3ObjectHead => ({
  bucket: object.bucket,
  key: object.key,
  size: object.size,
  etag: object.etag,
  contentType: decodeHeaders(object.headers).ContentType ?? '',
  lastModified: object.last_modified,
  sseKmsKeyId: kmsKeyOf(object.encryption),
})

function stopOnAbort(body: Readable, signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  const stop = () => body.destroy(signal.reason)
  if (signal.aborted) stop()
  else {
    signal.addEventListener('abort', stop, { once: true })
    body.once('close', () => signal.removeEventListener('abort', stop))
  }
}
