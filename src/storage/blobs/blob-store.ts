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
  readonly signal?: AbortSignal
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
   * @throws BlobMissingError, StorageUnavailableError
   */
  read(blobId: string, range?: { readonly start: number; readonly end: number }): Promise<Readable>
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

export class BlobTooLargeError extends StorageError {
  override name = 'BlobTooLargeError'
}
