import type { Clock } from '../../shared/clock.ts'
import type { SealedBox } from '../../shared/sealed-box.ts'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { Database } from '../../storage/database.ts'
import type { Authorizer } from '../authorizer.ts'
import type { IamFacade } from '../iam/facade.ts'
import type { KmsFacade } from '../kms/facade.ts'
import type { BucketCatalog } from './access/bucket-catalog.ts'
import { type ContentReader, createContentReader } from './content/content-reader.ts'
import { INLINE_BYTES } from './content/small-content.ts'
import { type ContentKeys, createContentKeys } from './encryption/content-keys.ts'

/** What S3's operations work with. */
export interface S3Deps {
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly content: ContentReader
  readonly keys: ContentKeys
  readonly buckets: BucketCatalog
  readonly authorizer: Authorizer
  readonly identities: Pick<IamFacade, 'identityExists'>
  /** Up to how many bytes a body lies in the database instead of a file. */
  readonly inlineBytes: number
}

/** Joins what the operations share: one for the service, its facade and its sweeper. */
export const createS3Deps = ({
  masterKey,
  kms,
  ...parts
}: Omit<S3Deps, 'content' | 'keys' | 'inlineBytes'> & {
  readonly masterKey: SealedBox
  readonly kms: KmsFacade
}): S3Deps => ({
  ...parts,
  inlineBytes: INLINE_BYTES,
  content: createContentReader(parts.database, parts.blobs, parts.clock),
  keys: createContentKeys(masterKey, kms),
})
