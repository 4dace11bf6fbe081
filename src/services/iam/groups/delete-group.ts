import type { DeleteGroupRequest } from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { identitiesChanged } from '../authorization/identity-policies.ts'
import { membersLeft, noSuchGroup } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { noPoliciesLeft } from '../owner.ts'
import { findGroup } from './group-store.ts'

export async function deleteGroup(
  deps: IamDeps,
  input: DeleteGroupRequest,
  { account }: RequestContext,
): Promise<void> {
  const { group_id: id } = await findGroup(deps, account, input.GroupName)
  const { query } = deps.database
  await deps.database.commit([
    statement(
      query.selectFrom('iam_group_members').select('user_id').where('group_id', '=', id).limit(1),
      none(membersLeft),
    ),
    ...noPoliciesLeft(deps, id),
    statement(
      query.deleteFrom('iam_groups').where('group_id', '=', id),
      one(() => noSuchGroup(input.GroupName)),
    ),
    identitiesChanged(deps.changeFeed),
  ])
}
