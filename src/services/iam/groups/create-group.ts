import type { CreateGroupRequest, CreateGroupResponse } from '../../../model/generated/iam.ts'
import { iamUniqueId } from '../../../shared/ids.ts'
import type { GroupRow } from '../../../storage/schema/access.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { groupExists, quotaExceeded } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { toGroup } from './group-store.ts'

const MAX_GROUPS = 300

export async function createGroup(
  deps: IamDeps,
  input: CreateGroupRequest,
  { account, now }: RequestContext,
): Promise<CreateGroupResponse> {
  const row: GroupRow = {
    account,
    name_key: input.GroupName.toLowerCase(),
    name: input.GroupName,
    path: input.Path ?? '/',
    group_id: iamUniqueId('AGPA'),
    created_at: now,
  }
  const { query } = deps.database
  await deps.database.commit([
    statement(
      query
        .insertInto('iam_groups')
        .values(row)
        .onConflict((conflict) => conflict.doNothing()),
      one(() => groupExists(input.GroupName)),
    ),
    statement(
      query.selectFrom('iam_groups').select('group_id').where('account', '=', account).limit(1).offset(MAX_GROUPS),
      none(() => quotaExceeded('GroupsPerAccount', MAX_GROUPS)),
    ),
  ])
  return { Group: toGroup(row) }
}
