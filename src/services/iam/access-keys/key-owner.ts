import type { ExpressionBuilder } from 'kysely'
import type { Schema } from '../../../storage/schema.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { callerName } from '../users/get-user.ts'
import { findUser } from '../users/user-store.ts'

/** Whose access keys a request is about. */
export interface KeyOwner {
  readonly account: string
  /** Null for the root. */
  readonly userId: string | null
  /** What answers show. */
  readonly name: string
}

/** The user that is named, or else the caller. @throws NoSuchEntity, ValidationError */
export async function findKeyOwner(
  deps: IamDeps,
  userName: string | undefined,
  { account, principal }: RequestContext,
): Promise<KeyOwner> {
  if (userName === undefined && principal.kind === 'root') return { account, userId: null, name: 'root' }
  const user = await findUser(deps, account, userName ?? callerName(principal.kind, principal.arn))
  return { account, userId: user.user_id, name: user.name }
}

/** The condition that a key belongs to the owner. */
export const ownedBy = (owner: KeyOwner) => (where: ExpressionBuilder<Schema, 'access_keys'>) =>
  where.and([
    where('account', '=', owner.account),
    owner.userId === null ? where('user_id', 'is', null) : where('user_id', '=', owner.userId),
  ])
