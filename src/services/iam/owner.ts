import type { Statement } from '../../storage/database.ts'
import { none, one, statement } from '../../storage/statement.ts'
import { identitiesChanged, identityChanged } from './authorization/identity-policies.ts'
import { deleteConflict, noSuchGroup, noSuchRole, noSuchUser } from './errors.ts'
import { findGroup } from './groups/group-store.ts'
import type { IamDeps } from './iam-deps.ts'
import { findRole } from './roles/role-store.ts'
import { findUser } from './users/user-store.ts'

/** A role, user or group, as the holder of policies. */
export interface Owner {
  readonly kind: 'role' | 'user' | 'group'
  readonly account: string
  readonly id: string
  readonly name: string
}

/** @throws NoSuchEntity */
export async function findOwner(deps: IamDeps, account: string, kind: Owner['kind'], name: string): Promise<Owner> {
  const { id, name: written } = await FIND[kind](deps, account, name)
  return { kind, account, id, name: written }
}

type Found = { readonly id: string; readonly name: string }

const FIND: Readonly<Record<Owner['kind'], (deps: IamDeps, account: string, name: string) => Promise<Found>>> = {
  role: async (...where) => {
    const row = await findRole(...where)
    return { id: row.role_id, name: row.name }
  },
  user: async (...where) => {
    const row = await findUser(...where)
    return { id: row.user_id, name: row.name }
  },
  group: async (...where) => {
    const row = await findGroup(...where)
    return { id: row.group_id, name: row.name }
  },
}

/** Guards that the owner is still there. */
export function ownerGuard({ database: { query } }: IamDeps, { kind, id, name }: Owner): Statement {
  switch (kind) {
    case 'role':
      return statement(
        query.selectFrom('iam_roles').select('role_id').where('role_id', '=', id),
        one(() => noSuchRole(name)),
      )
    case 'user':
      return statement(
        query.selectFrom('iam_users').select('user_id').where('user_id', '=', id),
        one(() => noSuchUser(name)),
      )
    case 'group':
      return statement(
        query.selectFrom('iam_groups').select('group_id').where('group_id', '=', id),
        one(() => noSuchGroup(name)),
      )
  }
}

/** Announces that what an owner may do has changed; a group's policies are those of whoever is in it. */
export const ownerChanged = ({ changeFeed }: IamDeps, owner: Owner): Statement =>
  owner.kind === 'group' ? identitiesChanged(changeFeed) : identityChanged(changeFeed, owner.id)

/** Guards that a role, user or group has no policies, so that it may be deleted. */
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
