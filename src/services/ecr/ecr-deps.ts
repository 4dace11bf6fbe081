import type { Clock } from '../../shared/clock.ts'
import type { SealedBox } from '../../shared/sealed-box.ts'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database } from '../../storage/database.ts'
import type { Authorizer } from '../authorizer.ts'
import type { IamFacade } from '../iam/facade.ts'

/** What ECR's operations and the registry work with. */
export interface EcrDeps {
  readonly database: Database
  /** A store of its own: what no row of ECR refers to is swept from it. */
  readonly blobs: BlobStore
  /** Seals logins and download links. */
  readonly box: SealedBox
  /** Of repositories: what is cached about them is announced when it changes. */
  readonly changeFeed: ChangeFeed
  readonly authorizer: Authorizer
  /** A login is good for as long as there is whom it was made for. */
  readonly identities: Pick<IamFacade, 'presentPrincipal'>
  readonly clock: Clock
}
