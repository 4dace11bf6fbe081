import type { Readable } from 'node:stream'
import type { Principal } from '../../access/principal.ts'

export interface S3ObjectHead {
  readonly bucket: string
  readonly key: string
  readonly size: number
  /** Without quotes. */
  readonly etag: string
  readonly contentType: string
  readonly lastModified: number
}

/** S3 for the other services. Errors are the ServiceErrors of the API: NoSuchBucket, NoSuchKey, AccessDenied. */
export interface S3Facade {
  headObject(principal: Principal, bucket: string, key: string): Promise<S3ObjectHead>
  /** The caller must consume or destroy the body. */
  getObject(
    principal: Principal,
    bucket: string,
    key: string,
    options?: { readonly ifMatch?: string; readonly signal?: AbortSignal },
  ): Promise<S3ObjectHead & { readonly body: Readable }>
  /** Every object under the prefix, in key order. */
  listObjects(principal: Principal, bucket: string, prefix: string): AsyncIterable<S3ObjectHead>
  putObject(
    principal: Principal,
    bucket: string,
    key: string,
    body: Readable | Uint8Array,
    options?: { readonly contentType?: string },
  ): Promise<{ readonly etag: string }>
}
