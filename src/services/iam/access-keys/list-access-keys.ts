import type { AccessKeyMetadata, ListAccessKeysRequest, ListAccessKeysResponse } from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOf } from '../paging.ts'
import { findKeyOwner, ownedBy } from './key-owner.ts'

export async function listAccessKeys(
  deps: IamDeps,
  input: ListAccessKeysRequest,
  context: RequestContext,
): Promise<ListAccessKeysResponse> {
  const owner = await findKeyOwner(deps, input.UserName, context)
  const rows = await deps.database.query
    .selectFrom('access_keys')
    .select(['access_key_id', 'status', 'created_at'])
    .where(ownedBy(owner))
    .execute()
  const keys = rows.map((row) => ({
    UserName: owner.name,
    AccessKeyId: row.access_key_id,
    Status: row.status as AccessKeyMetadata['Status'],
    CreateDate: row.created_at,
  }))
  const { items, ...paging } = pageOf(keys, (key) => key.AccessKeyId, ['keys', owner.account, owner.userId], input)
  return { AccessKeyMetadata: [...items], ...paging }
}
