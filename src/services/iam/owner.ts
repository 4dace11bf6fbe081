import type { Statement } from '../../storage/database.ts'
import { none, one, statement } from '../../storage/statement.ts'
import { deleteConflict, noSuchRole, noSuchUser } from './errors.ts'
import type { IamDeps } from './iam-deps.ts'
import { findRole } from './roles/role-store.ts'
import { findUser } from './users/user-store.ts'

/** A role or user, as the holder of policies. */
export interface Owner {
  readonly kind: 'role' | 'user'
  readonly account: string
  readonly id: string
  readonly name: string
}

/** @throws NoSuchEntity */
export async function findOwner(deps: IamDeps, account: string, kind: Owner['kind'], name: string): Promise<Owner> {
  if (kind === 'role') {
    const row = await findRole(deps, account, name)
    return { kind, account, id: row.role_id, name: row.name }
  }
  const row = await findUser(deps, account, name)
  return { kind, account, id: row.user_id, name: row.name }
}

/** Guards that the owner is still there. */
export function ownerGuard({ database }: IamDeps, owner: Owner): Statement {
  return owner.kind === 'role'
    ? statement(
        database.query.selectFrom('iam_roles').select('role_id').where('role_id', '=', owner.id),
        one(() => noSuchRole(owner.name)),
      )
    : statement(
        database.query.selectFrom('iam_users').select('user_id').where('user_id', '=', owner.id),
        one(() => noSuchUser(owner.name)),
      )
}

/** Guards that a role or user has no policies, so that it may be deleted. */
export const noPoliciesLeft = ({ database }: IamDeps, ownerId: string): Statement[] => [
  statement(
    database.query.selectFrom('iam_inline_policies').select('name').where('owner_id', '=', ownerId).limit(1),
    none(() => deleteConflict('Cannot delete entity, must delete policies first.')),
  ),
  statement(
    database.query.selectFrom('iam_attachments').select('policy_arn').where('owner_id', '=', ownerId).limit(1),
    none(() => deleteConflict('Cannot delete entity, must detach all policies first.')),
  ),
]
