import type { SealedBox } from '../../shared/sealed-box.ts'
import { StartError } from '../../shared/start-error.ts'
import type { Database } from '../../storage/database.ts'
import { unsealSecret } from './access-keys/key-secret.ts'

/** The account that the first start creates. */
export const DEFAULT_ACCOUNT = '123456789012'

export interface RootCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * The oldest active access key of the account's root, whether a server runs on the database or not; undefined when
 * the account does not exist or has no such key.
 * @throws StartError when the database's secrets were sealed with another master key
 */
export async function readRootCredentials(
  db: Database,
  masterKey: SealedBox,
  account: string = DEFAULT_ACCOUNT,
): Promise<RootCredentials | undefined> {
  const row = await db.query
    .selectFrom('access_keys')
    .select(['access_key_id', 'secret'])
    .where('account', '=', account)
    .where('user_id', 'is', null)
    .where('status', '=', 'Active')
    .orderBy('created_at')
    .orderBy('access_key_id')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return { accessKeyId: row.access_key_id, secretAccessKey: unseal(masterKey, row.access_key_id, row.secret) }
}

function unseal(masterKey: SealedBox, accessKeyId: string, sealed: string): string {
  try {
    return unsealSecret(masterKey, accessKeyId, sealed)
  } catch {
    throw new StartError('master.key does not belong to this database; restore the one it was created with')
  }
}
