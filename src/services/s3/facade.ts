import type { Readable } from 'node:stream'
import type { Principal } from '../../access/principal.ts'
import type { Statement } from '../../storage/database.ts'

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

export interface S3WriteOptions {
  readonly contentType?: string
  /** Encrypts under this key (id, ARN or alias) instead of as the bucket does by default. */
  readonly kmsKeyId?: string
  /** Ends the taking in of the body: the write rejects with the signal's reason, and nothing is left. */
  readonly signal?: AbortSignal
}

/**
 * An object that was taken in and is written by the caller's own unit of work, together with what must be true exactly
 * when the object is there. Commit within the hour: bytes that nobody refers to are swept in the end.
 */
export interface PreparedObject {
  /** Without quotes. */
  readonly etag: string
  readonly size: number
  /** All of them go into one unit. It may reject with NoSuchBucket: the bucket was deleted meanwhile. */
  readonly statements: readonly Statement[]
  /** Passes the outcome of that unit on, and removes the bytes of the object if the unit was rolled back. */
  settle<T>(commit: Promise<T>): Promise<T>
  /** Removes the bytes when there will be no unit. To be called once at most, and never beside `settle`. */
  drop(): Promise<void>
}

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
  /**
   * Those of the objects that are small enough to lie in the database, by their keys, in one read. What is refused, missing, large, empty,
   * damaged or encrypted under a key of KMS is left out, and nobody told: `getObject` says of each what is wrong.
   */
  readSmallObjects(
    principal: Principal,
    bucket: string,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, S3ObjectHead & { readonly bytes: Buffer }>>
  /** Every object under the prefix, in key order. */
  listObjects(principal: Principal, bucket: string, prefix: string): AsyncIterable<S3ObjectHead>
  /** Durable when it resolves. Replaces what is at the key. */
  putObject(
    principal: Principal,
    bucket: string,
    key: string,
    body: Readable | Uint8Array,
    options?: S3WriteOptions,
  ): Promise<{ readonly etag: string }>
  /**
   * All of `putObject` but the commit: access, bucket and key of KMS are checked, and a body of any length up to 5 GiB is taken in.
   * A body that breaks rejects with its own error.
   * @throws AccessDenied, NoSuchBucket, KMS.NotFoundException and the like; EntityTooLarge; ServiceUnavailable when the disk is full
   */
  prepareObject(
    principal: Principal,
    bucket: string,
    key: string,
    body: Readable | Uint8Array,
    options?: S3WriteOptions,
  ): Promise<PreparedObject>
  /** The statements of many prepared objects, for one unit of work that writes them all: fewer than those of each. */
  unitOf(objects: readonly PreparedObject[]): readonly Statement[]
}
