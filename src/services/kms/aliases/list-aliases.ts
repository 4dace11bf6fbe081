import type { ListAliasesRequest, ListAliasesResponse } from '../../../model/generated/kms.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import { aliasArn, parseKeyOnlyReference } from '../keys/key-reference.ts'
import { findKey, requireAccess } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'

const ACTION = 'kms:ListAliases'

/** The aliases of the account in the region, or those of one key. */
export async function listAliases(
  deps: KmsDeps,
  input: ListAliasesRequest,
  context: RequestContext,
): Promise<ListAliasesResponse> {
  const { account, region } = context
  let query = deps.database.query
    .selectFrom('kms_aliases')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
  const scope = ['aliases', account, region]
  if (input.KeyId !== undefined) {
    const reference = parseKeyOnlyReference(input.KeyId, context)
    const key = await findKey(deps, context, reference, ACTION)
    // Only aliases of the account are listed, and a stranger's key is not to be found out by that.
    if (key.account !== account) await requireAccess(deps, context, key, { action: ACTION })
    query = query.where('key_id', '=', key.key_id)
    scope.push(key.key_id)
  }
  const page = await readPage(query, ['name'], pageRequest(scope, input, { usual: 50, most: 100 }))
  const aliases = page.rows.map((row) => ({
    AliasName: row.name,
    AliasArn: aliasArn(row, row.name),
    TargetKeyId: row.key_id,
    CreationDate: row.created_at,
    LastUpdatedDate: row.updated_at,
  }))
  return { Aliases: aliases, ...pageOutput(scope, page) }
}
