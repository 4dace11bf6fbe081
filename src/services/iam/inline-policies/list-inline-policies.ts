import type {
  ListGroupPoliciesRequest,
  ListGroupPoliciesResponse,
  ListRolePoliciesRequest,
  ListRolePoliciesResponse,
  ListUserPoliciesRequest,
  ListUserPoliciesResponse,
} from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findOwner, type Owner } from '../owner.ts'
import { type PagedInput, pageOf } from '../paging.ts'

async function listNames(deps: IamDeps, owner: Owner, input: PagedInput) {
  const rows = await deps.database.query
    .selectFrom('iam_inline_policies')
    .select('name')
    .where('owner_id', '=', owner.id)
    .execute()
  const { items, ...paging } = pageOf(rows, (row) => row.name, ['inline', owner.id], input)
  return { PolicyNames: items.map((row) => row.name), ...paging }
}

export const listRolePolicies = async (
  deps: IamDeps,
  input: ListRolePoliciesRequest,
  { account }: RequestContext,
): Promise<ListRolePoliciesResponse> => listNames(deps, await findOwner(deps, account, 'role', input.RoleName), input)

export const listUserPolicies = async (
  deps: IamDeps,
  input: ListUserPoliciesRequest,
  { account }: RequestContext,
): Promise<ListUserPoliciesResponse> => listNames(deps, await findOwner(deps, account, 'user', input.UserName), input)

export const listGroupPolicies = async (
  deps: IamDeps,
  input: ListGroupPoliciesRequest,
  { account }: RequestContext,
): Promise<ListGroupPoliciesResponse> =>
  listNames(deps, await findOwner(deps, account, 'group', input.GroupName), input)
