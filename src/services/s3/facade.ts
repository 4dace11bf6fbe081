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
  /** The ARN of the KMS key that it is encrypted under: who reads it must be allowed `kms:Decrypt` with that. */
  readonly sseKmsKeyId?: string
}

/**
 * S3 for the other services. Keys of KMS are used as the principal. Errors are the ServiceErrors of the API: NoSuchBucket,
 * NoSuchKey, AccessDenied, KMS.DisabledException and the like.
 */
export interface S3Facade {
  headObject(principal: Principal, bucket: string, key: string): Promise<S3ObjectHead>
  /** Bytes that are no longer what was written break the body, or reject. The caller must consume or destroy the body. */
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
    options?: {
      readonly contentType?: string
      /** Encrypts under this key (id, ARN or alias) instead of as the bucket does by default. */
      readonly kmsKeyId?: string
    },
  ): Promise<{ readonly etag: string }>
}
