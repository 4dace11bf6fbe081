import type {
  DeleteGroupPolicyRequest,
  DeleteRolePolicyRequest,
  DeleteUserPolicyRequest,
} from '../../../model/generated/iam.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { noSuchInlinePolicy } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findOwner, type Owner, ownerChanged } from '../owner.ts'

async function remove(deps: IamDeps, owner: Owner, name: string): Promise<void> {
  await deps.database.commit([
    statement(
      deps.database.query.deleteFrom('iam_inline_policies').where('owner_id', '=', owner.id).where('name', '=', name),
      one(() => noSuchInlinePolicy(owner.kind, name)),
    ),
    ownerChanged(deps, owner),
  ])
}

export const deleteRolePolicy = async (
  deps: IamDeps,
  input: DeleteRolePolicyRequest,
  { account }: RequestContext,
): Promise<void> => remove(deps, await findOwner(deps, account, 'role', input.RoleName), input.PolicyName)

export const deleteUserPolicy = async (
  deps: IamDeps,
  input: DeleteUserPolicyRequest,
  { account }: RequestContext,
): Promise<void> => remove(deps, await findOwner(deps, account, 'user', input.UserName), input.PolicyName)

export const deleteGroupPolicy = async (
  deps: IamDeps,
  input: DeleteGroupPolicyRequest,
  { account }: RequestContext,
): Promise<void> => remove(deps, await findOwner(deps, account, 'group', input.GroupName), input.PolicyName)
