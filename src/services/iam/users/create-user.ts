import type { CreateUserRequest, CreateUserResponse } from '../../../model/generated/iam.ts'
import { iamUniqueId } from '../../../shared/ids.ts'
import type { UserRow } from '../../../storage/schema/access.ts'
import { none, one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { quotaExceeded, userExists } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { boundaryGuards } from '../managed-policies/policy-store.ts'
import { newTags } from '../tag-list.ts'
import { toUser } from './user-store.ts'

const MAX_USERS = 5_000

export async function createUser(
  deps: IamDeps,
  input: CreateUserRequest,
  context: RequestContext,
): Promise<CreateUserResponse> {
  const { account } = context
  const row: UserRow = {
    account,
    name_key: input.UserName.toLowerCase(),
    name: input.UserName,
    path: input.Path ?? '/',
    user_id: iamUniqueId('AIDA'),
    permissions_boundary: input.PermissionsBoundary ?? null,
    tags: newTags(input.Tags),
    created_at: context.now,
  }
  const { query } = deps.database
  await deps.database.commit([
    ...(await boundaryGuards(deps, account, input.PermissionsBoundary)),
    statement(
      query
        .insertInto('iam_users')
        .values(row)
        .onConflict((conflict) => conflict.doNothing()),
      one(() => userExists(input.UserName)),
    ),
    statement(
      query.selectFrom('iam_users').select('user_id').where('account', '=', account).limit(1).offset(MAX_USERS),
      none(() => quotaExceeded('UsersPerAccount', MAX_USERS)),
    ),
  ])
  return { User: toUser(row) }
}
