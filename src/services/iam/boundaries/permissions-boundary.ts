import type {
  DeleteRolePermissionsBoundaryRequest,
  DeleteUserPermissionsBoundaryRequest,
  PutRolePermissionsBoundaryRequest,
  PutUserPermissionsBoundaryRequest,
} from '../../../model/generated/iam.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { identityChanged } from '../authorization/identity-policies.ts'
import { noSuchRole, noSuchUser } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { boundaryGuards } from '../managed-policies/policy-store.ts'
import { findRole } from '../roles/role-store.ts'
import { findUser } from '../users/user-store.ts'

/** `arn` undefined takes the boundary away; where there is none that is no error. */
async function setOfRole(deps: IamDeps, account: string, name: string, arn: string | undefined): Promise<void> {
  const { role_id: id } = await findRole(deps, account, name)
  await deps.database.commit([
    ...(await boundaryGuards(deps, account, arn)),
    statement(
      deps.database.query
        .updateTable('iam_roles')
        .set({ permissions_boundary: arn ?? null })
        .where('role_id', '=', id),
      one(() => noSuchRole(name)),
    ),
    identityChanged(deps.changeFeed, id),
  ])
}

async function setOfUser(deps: IamDeps, account: string, name: string, arn: string | undefined): Promise<void> {
  const { user_id: id } = await findUser(deps, account, name)
  await deps.database.commit([
    ...(await boundaryGuards(deps, account, arn)),
    statement(
      deps.database.query
        .updateTable('iam_users')
        .set({ permissions_boundary: arn ?? null })
        .where('user_id', '=', id),
      one(() => noSuchUser(name)),
    ),
    identityChanged(deps.changeFeed, id),
  ])
}

export const putRolePermissionsBoundary = (
  deps: IamDeps,
  input: PutRolePermissionsBoundaryRequest,
  { account }: RequestContext,
): Promise<void> => setOfRole(deps, account, input.RoleName, input.PermissionsBoundary)

export const deleteRolePermissionsBoundary = (
  deps: IamDeps,
  input: DeleteRolePermissionsBoundaryRequest,
  { account }: RequestContext,
): Promise<void> => setOfRole(deps, account, input.RoleName, undefined)

export const putUserPermissionsBoundary = (
  deps: IamDeps,
  input: PutUserPermissionsBoundaryRequest,
  { account }: RequestContext,
): Promise<void> => setOfUser(deps, account, input.UserName, input.PermissionsBoundary)

export const deleteUserPermissionsBoundary = (
  deps: IamDeps,
  input: DeleteUserPermissionsBoundaryRequest,
  { account }: RequestContext,
): Promise<void> => setOfUser(deps, account, input.UserName, undefined)
