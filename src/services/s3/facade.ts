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

/** What a check without an operation may be about. */
export type S3CheckedAction = 's3:GetObject' | 's3:GetObjectAcl' | 's3:GetBucketAcl' | 's3:ListBucket' | 's3:PutObject'

/**
 * S3 for the other services. Keys of KMS are used as the principal. Errors are the ServiceErrors of the API: NoSuchBucket,
 * NoSuchKey, AccessDenied, KMS.DisabledException and the like.
 */
export interface S3Facade {
  /**
   * Resolves when the principal may do this to the bucket, or to the key in it if one is given; the object need not exist.
   * @throws NoSuchBucket, AccessDenied
   */
  checkAccess(principal: Principal, action: S3CheckedAction, bucket: string, key?: string): Promise<void>
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
