import type { Clock } from '../../shared/clock.ts'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { Database } from '../../storage/database.ts'
import { type ContentReader, createContentReader } from './content/content-reader.ts'

/** What S3's operations work with. */
export interface S3Deps {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly content: ContentReader
}

/** Joins what the operations share: one for the service, its facade and its sweeper. */
export const createS3Deps = (parts: Omit<S3Deps, 'content'>): S3Deps => ({
  ...parts,
  content: createContentReader(parts.database, parts.blobs, parts.clock),
})
