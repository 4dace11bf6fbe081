import { Readable } from 'node:stream'
import type { Principal } from '../../access/principal.ts'
import type { ObjectRow } from '../../storage/schema/s3.ts'
import { requireBucket } from './buckets/bucket-access.ts'
import { kmsKeyOf } from './encryption/object-encryption.ts'
import { noSuchKey, preconditionFailed } from './errors.ts'
import type { S3Facade, S3ObjectHead } from './facade.ts'
import { readObjectRows } from './listing/object-page.ts'
import { checkKey } from './objects/object-key.ts'
import { decodeHeaders, encodeHeaders, encodeMetadata } from './objects/object-metadata.ts'
import { findObject } from './objects/object-store.ts'
import { matchesEtag } from './objects/preconditions.ts'
import { storeObject } from './objects/store-object.ts'
import type { S3Deps } from './s3-deps.ts'

const PAGE = 1000

/** S3 for the other services, under the same rules as over the wire. */
export function createS3Facade(deps: S3Deps): S3Facade {
  async function find(principal: Principal, bucketName: string, key: string): Promise<ObjectRow> {
    const bucket = await requireBucket(deps, principal, bucketName)
    checkKey(key)
    const object = await findObject(deps.database, bucket.name, key)
    if (object === undefined) throw noSuchKey(key)
    return object
  }

  return {
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

    async *listObjects(principal, bucketName, prefix) {
      const bucket = await requireBucket(deps, principal, bucketName)
      let after: string | undefined
      for (;;) {
        const rows = await readObjectRows(deps.database, bucket.name, prefix, after, PAGE)
        yield* rows.map(toHead)
        after = rows.at(-1)?.key
        if (rows.length < PAGE) return
      }
    },

    async putObject(principal, bucketName, key, body, options = {}) {
      const bucket = await requireBucket(deps, principal, bucketName)
      checkKey(key)
      const description = {
        key,
        storage_class: 'STANDARD',
        headers: encodeHeaders({ ContentType: options.contentType }),
        metadata: encodeMetadata(),
        tags: null,
      }
      const encryption =
        options.kmsKeyId === undefined ? {} : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: options.kmsKeyId }
      const keys = await deps.keys.create({ principal }, bucket, key, encryption)
      const object = await storeObject(deps, bucket, description, body, {
        keys,
        claims: {},
        condition: { kind: 'none' },
      })
      return { etag: object.etag }
    },
  }
}

const toHead = (object: ObjectRow): S3ObjectHead => ({
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
