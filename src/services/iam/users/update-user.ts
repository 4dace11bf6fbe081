import type { UpdateUserRequest } from '../../../model/generated/iam.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { credentialsChanged } from '../access-keys/key-changes.ts'
import { identityChanged } from '../authorization/identity-policies.ts'
import { noSuchUser, userExists } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findUser } from './user-store.ts'

/** Moves or renames a user, who keeps id, keys and policies. */
export async function updateUser(deps: IamDeps, input: UpdateUserRequest, { account }: RequestContext): Promise<void> {
  const row = await findUser(deps, account, input.UserName)
  const name = input.NewUserName ?? row.name
  const key = name.toLowerCase()
  const { query } = deps.database
  await deps.database.commit([
    statement(
      query
        .selectFrom('iam_users')
        .select('user_id')
        .where('account', '=', account)
        .where('name_key', '=', key)
        .where('user_id', '<>', row.user_id),
      none(() => userExists(name)),
    ),
    statement(
      query
        .updateTable('iam_users')
        .set({ name, name_key: key, path: input.NewPath ?? row.path })
        .where('user_id', '=', row.user_id),
      one(() => noSuchUser(input.UserName)),
    ),
    credentialsChanged(deps.changeFeed, row.user_id),
    identityChanged(deps.changeFeed, row.user_id),
  ])
}
