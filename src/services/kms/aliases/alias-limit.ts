import type { Database, Statement } from '../../../storage/database.ts'
import type { KeyRow } from '../../../storage/schema/kms.ts'
import { none, statement } from '../../../storage/statement.ts'
import { limitExceeded } from '../errors.ts'
import { keyArn } from '../keys/key-reference.ts'

/** Aliases of one key. Source: the quotas of AWS KMS. */
const MOST = 50

/** For the end of a unit that gives the key an alias. */
export const aliasLimit = (database: Database, key: KeyRow): Statement =>
  statement(
    database.query.selectFrom('kms_aliases').select('name').where('key_id', '=', key.key_id).limit(1).offset(MOST),
    none(() => limitExceeded(`${keyArn(key)} has reached its limit of ${MOST} aliases.`)),
  )
