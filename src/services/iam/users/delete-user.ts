import type { DeleteUserRequest } from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { credentialsChanged } from '../access-keys/key-changes.ts'
import { identityChanged } from '../authorization/identity-policies.ts'
import { deleteConflict, membersLeft, noSuchUser } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { noPoliciesLeft } from '../owner.ts'
import { findUser } from './user-store.ts'

/** The user's sessions end with the user. */
export async function deleteUser(deps: IamDeps, input: DeleteUserRequest, context: RequestContext): Promise<void> {
  const row = await findUser(deps, context.account, input.UserName)
  const { query } = deps.database
  await deps.database.commit([
    statement(
      query.selectFrom('access_keys').select('access_key_id').where('user_id', '=', row.user_id).limit(1),
      none(() => deleteConflict('Cannot delete entity, must delete access keys first.')),
    ),
    statement(
      query.selectFrom('iam_group_members').select('group_id').where('user_id', '=', row.user_id).limit(1),
      none(membersLeft),
    ),
    ...noPoliciesLeft(deps, row.user_id),
    statement(
      query.deleteFrom('iam_users').where('user_id', '=', row.user_id),
      one(() => noSuchUser(input.UserName)),
    ),
    credentialsChanged(deps.changeFeed, row.user_id),
    identityChanged(deps.changeFeed, row.user_id),
  ])
}
