import type { ListGrantsRequest, ListGrantsResponse } from '../../../model/generated/kms.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'
import { toGrantEntry } from './grant.ts'
import { requireGrantId } from './grant-store.ts'

/** The grants of a key, or those of them that a filter leaves. */
export async function listGrants(
  deps: KmsDeps,
  input: ListGrantsRequest,
  context: RequestContext,
): Promise<ListGrantsResponse> {
  const { GrantId: grantId, GranteePrincipal: grantee } = input
  const key = await openKey(deps, context, input.KeyId, {
    action: 'kms:ListGrants',
    conditions: { 'kms:grantisforawsresource': 'false' },
  })
  let query = deps.database.query.selectFrom('kms_grants').selectAll().where('key_id', '=', key.key_id)
  if (grantId !== undefined) {
    requireGrantId(grantId)
    query = query.where('grant_id', '=', grantId)
  }
  if (grantee !== undefined) query = query.where('grantee', '=', grantee)
  const scope = ['grants', key.key_id, grantId ?? '', grantee ?? '']
  const page = await readPage(query, ['grant_id'], pageRequest(scope, input, { usual: 50, most: 100 }))
  return { Grants: page.rows.map((row) => toGrantEntry(row, key.account)), ...pageOutput(scope, page) }
}
