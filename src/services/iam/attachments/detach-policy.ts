import type {
  DetachGroupPolicyRequest,
  DetachRolePolicyRequest,
  DetachUserPolicyRequest,
} from '../../../model/generated/iam.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { noSuchPolicy } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findOwner, type Owner, ownerChanged } from '../owner.ts'

async function detach(deps: IamDeps, owner: Owner, arn: string): Promise<void> {
  await deps.database.commit([
    statement(
      deps.database.query.deleteFrom('iam_attachments').where('owner_id', '=', owner.id).where('policy_arn', '=', arn),
      one(() => noSuchPolicy(arn)),
    ),
    ownerChanged(deps, owner),
  ])
}

export const detachRolePolicy = async (
  deps: IamDeps,
  input: DetachRolePolicyRequest,
  { account }: RequestContext,
): Promise<void> => detach(deps, await findOwner(deps, account, 'role', input.RoleName), input.PolicyArn)

export const detachUserPolicy = async (
  deps: IamDeps,
  input: DetachUserPolicyRequest,
  { account }: RequestContext,
): Promise<void> => detach(deps, await findOwner(deps, account, 'user', input.UserName), input.PolicyArn)

export const detachGroupPolicy = async (
  deps: IamDeps,
  input: DetachGroupPolicyRequest,
  { account }: RequestContext,
): Promise<void> => detach(deps, await findOwner(deps, account, 'group', input.GroupName), input.PolicyArn)
