import type { SealedBox } from '../../shared/sealed-box.ts'
import type { ChangeFeed } from '../../storage/change-feed.ts'
import type { Database } from '../../storage/database.ts'

export interface IamDeps {
  readonly database: Database
  /** Seals secret access keys and session tokens. */
  readonly masterKey: SealedBox
  readonly changeFeed: ChangeFeed
}
