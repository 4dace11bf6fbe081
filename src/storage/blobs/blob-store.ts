import type { Readable } from 'node:stream'
import { StorageError } from '../errors.ts'
import type { DigestName } from './digests.ts'

/** What has been written, before anybody may rely on it. */
export interface WrittenBlob<D extends DigestName> {
  readonly size: number
  readonly digests: Readonly<Record<D, Uint8Array>>
}

export interface WriteOptions<D extends DigestName> {
  /** What to compute while the bytes pass. */
  readonly digests: readonly D[]
  /** More bytes than this reject with BlobTooLargeError. */
  readonly maxBytes?: number
  /** Looks at what has arrived before it is made durable; when it throws, nothing is kept and `write` rejects with that. */
  readonly check?: (written: WrittenBlob<D>) => void
  /** 32 bytes that no other blob has: only what is encrypted with them reaches the disk. Sizes and digests stay those of the plain bytes. */
  readonly key?: Uint8Array
  readonly signal?: AbortSignal
}

/** What an encrypted blob is read with. */
export interface BlobSeal {
  readonly key: Uint8Array
  /** All plain bytes of the blob. */
  readonly size: number
}

/**
 * Bytes under random ids, written once and never changed. Who refers to a blob commits that after `write` has resolved;
 * a blob that nobody refers to (a crash in between) is found by `sweepOrphans`.
 */
export interface BlobStore {
  /**
   * Takes the bytes in bounded memory. When it resolves, they survive a power failure; when it rejects, nothing is left.
   * @throws StorageFullError, StorageUnavailableError, BlobTooLargeError, the source's own error, the signal's reason
   */
  write<D extends DigestName>(
    source: AsyncIterable<Uint8Array>,
    options: WriteOptions<D>,
  ): Promise<WrittenBlob<D> & { readonly blobId: string }>
  /**
   * The bytes from `start` to `end`, both counted; all of them without a range. The blob is open once it resolves, so
   * that removing it does not disturb the reader. The caller must consume or destroy the stream.
   *
   * @param seal of a blob that was written with a key; the range is of the plain bytes. What is not what was written
   *   rejects, or breaks the stream, with BlobCorruptError; nothing of it is passed on
   * @throws BlobMissingError, BlobCorruptError, StorageUnavailableError
   */
  read(blobId: string, range?: { readonly start: number; readonly end: number }, seal?: BlobSeal): Promise<Readable>
  /** Removes a blob; it may be gone already. */
  remove(blobId: string): Promise<void>
  /**
   * Removes the blobs written before `writtenBefore` (epoch milliseconds) that `referenced` does not return.
   * Leave writers time to commit: an hour or more. Returns how many were removed.
   */
  sweepOrphans(options: {
    readonly writtenBefore: number
    readonly referenced: (blobIds: readonly string[]) => Promise<ReadonlySet<string>>
    readonly signal?: AbortSignal
  }): Promise<number>
  /** Ends what runs in the background. */
  close(): Promise<void>
}

export class BlobMissingError extends StorageError {
  override name = 'BlobMissingError'
}

/** The file is there, but its bytes are not those that were written. */
export class BlobCorruptError extends StorageError {
  override name = 'BlobCorruptError'
}

export class BlobTooLargeError extends StorageError {
  override name = 'BlobTooLargeError'
}
