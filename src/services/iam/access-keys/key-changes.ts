import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Statement } from '../../../storage/database.ts'

/** What workers cache about credentials: the key is an access key id, or the unique id of a user or role. */
export const ACCESS_KEYS_TOPIC = 'access-keys'

/** Makes every worker forget what it knows about an access key, or about all credentials of a user or role. */
export const credentialsChanged = (changeFeed: ChangeFeed, id: string): Statement =>
  changeFeed.announce({ topic: ACCESS_KEYS_TOPIC, key: id })
