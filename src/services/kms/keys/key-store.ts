import type { Database, Statement } from '../../../storage/database.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import { one, statement } from '../../../storage/statement.ts'
import { changedMeanwhile } from '../errors.ts'
import { type KmsScope, keyArn } from './key-reference.ts'
import type { KeyState } from './key-state.ts'

/** The key of that id, of whatever account and region. */
export const findKeyById = (database: Database, keyId: string): Promise<KeyRow | undefined> =>
  database.query.selectFrom('kms_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst()

/** The key that an alias stands for. */
export const findKeyByAlias = (database: Database, scope: KmsScope, name: string): Promise<KeyRow | undefined> =>
  database.query
    .selectFrom('kms_keys')
    .selectAll('kms_keys')
    .innerJoin('kms_aliases', 'kms_aliases.key_id', 'kms_keys.key_id')
    .where('kms_aliases.account', '=', scope.account)
    .where('kms_aliases.region', '=', scope.region)
    .where('kms_aliases.name', '=', name)
    .executeTakeFirst()

/** Changes a key that is still in one of these states; otherwise the unit fails with ConflictException. */
export const updateKey = (
  database: Database,
  key: KeyRow,
  states: readonly KeyState[],
  set: Partial<Omit<KeyRow, 'key_id' | 'account' | 'region'>>,
): Statement =>
  statement(
    database.query
      .updateTable('kms_keys')
      .set(set)
      .where('key_id', '=', key.key_id)
      .where('state', 'in', [...states]),
    one(() => changedMeanwhile(keyArn(key))),
  )

/** For units that add something to a key: it must still be there, and not wait for its deletion. */
export const requireKey = (database: Database, key: KeyRow): Statement =>
  statement(
    database.query
      .selectFrom('kms_keys')
      .select('key_id')
      .where('key_id', '=', key.key_id)
      .where('state', '<>', 'PendingDeletion'),
    one(() => changedMeanwhile(keyArn(key))),
  )
