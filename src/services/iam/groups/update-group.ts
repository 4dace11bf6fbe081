import type { UpdateGroupRequest } from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { identitiesChanged } from '../authorization/identity-policies.ts'
import { groupExists, noSuchGroup } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findGroup } from './group-store.ts'

/** Moves or renames a group, which keeps its id, members and policies. */
export async function updateGroup(
  deps: IamDeps,
  input: UpdateGroupRequest,
  { account }: RequestContext,
): Promise<void> {
  const row = await findGroup(deps, account, input.GroupName)
  const name = input.NewGroupName ?? row.name
  const key = name.toLowerCase()
  const { query } = deps.database
  await deps.database.commit([
    statement(
      query
        .selectFrom('iam_groups')
        .select('group_id')
        .where('account', '=', account)
        .where('name_key', '=', key)
        .where('group_id', '<>', row.group_id),
      none(() => groupExists(name)),
    ),
    statement(
      query
        .updateTable('iam_groups')
        .set({ name, name_key: key, path: input.NewPath ?? row.path })
        .where('group_id', '=', row.group_id),
      one(() => noSuchGroup(input.GroupName)),
    ),
    // Denials name the group a policy comes from.
    identitiesChanged(deps.changeFeed),
  ])
}
