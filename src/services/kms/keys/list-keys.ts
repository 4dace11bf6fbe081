import type { ListKeysRequest, ListKeysResponse } from '../../../model/generated/kms.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'
import { keyArn } from './key-reference.ts'

/** All keys of the account in the region, those that AWS manages included. */
export async function listKeys(
  { database }: KmsDeps,
  input: ListKeysRequest,
  { account, region }: RequestContext,
): Promise<ListKeysResponse> {
  const scope = ['keys', account, region]
  const query = database.query
    .selectFrom('kms_keys')
    .select(['key_id', 'account', 'region'])
    .where('account', '=', account)
    .where('region', '=', region)
  const page = await readPage(query, ['key_id'], pageRequest(scope, input, { usual: 100, most: 1_000 }))
  return { Keys: page.rows.map((row) => ({ KeyId: row.key_id, KeyArn: keyArn(row) })), ...pageOutput(scope, page) }
}
