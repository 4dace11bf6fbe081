import type { GetUserRequest, GetUserResponse, User } from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import { validationError } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findUser, toUser } from './user-store.ts'

/** Without a name: the caller. */
export async function getUser(
  deps: IamDeps,
  input: GetUserRequest,
  { account, principal }: RequestContext,
): Promise<GetUserResponse> {
  if (input.UserName !== undefined) return { User: toUser(await findUser(deps, account, input.UserName)) }
  if (principal.kind === 'root') return { User: await rootUser(deps, account) }
  return { User: toUser(await findUser(deps, account, callerName(principal.kind, principal.arn))) }
}

/** The name of the user who calls. */
export function callerName(kind: string, arn: string): string {
  if (kind !== 'user') throw validationError('Must specify userName when calling with non-User credentials')
  return arn.slice(arn.lastIndexOf('/') + 1)
}

/** The root has neither path nor name. */
async function rootUser(deps: IamDeps, account: string): Promise<User> {
  const row = await deps.database.query
    .selectFrom('access_accounts')
    .select('created_at')
    .where('account', '=', account)
    .executeTakeFirst()
  const root = { UserId: account, Arn: `arn:aws:iam::${account}:root`, CreateDate: row?.created_at ?? 0 }
  return root as User
}
