import type {
  GetGroupPolicyRequest,
  GetGroupPolicyResponse,
  GetRolePolicyRequest,
  GetRolePolicyResponse,
  GetUserPolicyRequest,
  GetUserPolicyResponse,
} from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import { encodeDocument } from '../document.ts'
import { noSuchInlinePolicy } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findOwner, type Owner } from '../owner.ts'

async function readDocument(deps: IamDeps, owner: Owner, name: string): Promise<string> {
  const row = await deps.database.query
    .selectFrom('iam_inline_policies')
    .select('document')
    .where('owner_id', '=', owner.id)
    .where('name', '=', name)
    .executeTakeFirst()
  if (row === undefined) throw noSuchInlinePolicy(owner.kind, name)
  return encodeDocument(row.document)
}

export async function getRolePolicy(
  deps: IamDeps,
  input: GetRolePolicyRequest,
  { account }: RequestContext,
): Promise<GetRolePolicyResponse> {
  const owner = await findOwner(deps, account, 'role', input.RoleName)
  const PolicyDocument = await readDocument(deps, owner, input.PolicyName)
  return { RoleName: owner.name, PolicyName: input.PolicyName, PolicyDocument }
}

export async function getUserPolicy(
  deps: IamDeps,
  input: GetUserPolicyRequest,
  { account }: RequestContext,
): Promise<GetUserPolicyResponse> {
  const owner = await findOwner(deps, account, 'user', input.UserName)
  const PolicyDocument = await readDocument(deps, owner, input.PolicyName)
  return { UserName: owner.name, PolicyName: input.PolicyName, PolicyDocument }
}

export async function getGroupPolicy(
  deps: IamDeps,
  input: GetGroupPolicyRequest,
  { account }: RequestContext,
): Promise<GetGroupPolicyResponse> {
  const owner = await findOwner(deps, account, 'group', input.GroupName)
  const PolicyDocument = await readDocument(deps, owner, input.PolicyName)
  return { GroupName: owner.name, PolicyName: input.PolicyName, PolicyDocument }
}
