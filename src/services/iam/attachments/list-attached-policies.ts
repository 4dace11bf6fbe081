import type {
  ListAttachedGroupPoliciesRequest,
  ListAttachedGroupPoliciesResponse,
  ListAttachedRolePoliciesRequest,
  ListAttachedRolePoliciesResponse,
  ListAttachedUserPoliciesRequest,
  ListAttachedUserPoliciesResponse,
} from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findOwner, type Owner } from '../owner.ts'
import { type PagedInput, pageOf } from '../paging.ts'

async function listAttached(deps: IamDeps, owner: Owner, input: PagedInput & { readonly PathPrefix?: string }) {
  const rows = await deps.database.query
    .selectFrom('iam_attachments')
    .select(['policy_arn', 'policy_name'])
    .where('owner_id', '=', owner.id)
    .execute()
  const prefix = input.PathPrefix ?? '/'
  const wanted = rows.filter((row) => pathOf(row.policy_arn).startsWith(prefix))
  const keyOf = (row: (typeof rows)[number]) => `${row.policy_name.toLowerCase()} ${row.policy_arn.split(':')[4]}`
  const { items, ...paging } = pageOf(wanted, keyOf, ['attached', owner.id, prefix], input)
  return {
    AttachedPolicies: items.map((row) => ({ PolicyName: row.policy_name, PolicyArn: row.policy_arn })),
    ...paging,
  }
}

/** `arn:aws:iam::…:policy/team/name` → `/team/`. */
const pathOf = (arn: string): string => arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1)

export const listAttachedRolePolicies = async (
  deps: IamDeps,
  input: ListAttachedRolePoliciesRequest,
  { account }: RequestContext,
): Promise<ListAttachedRolePoliciesResponse> =>
  listAttached(deps, await findOwner(deps, account, 'role', input.RoleName), input)

export const listAttachedUserPolicies = async (
  deps: IamDeps,
  input: ListAttachedUserPoliciesRequest,
  { account }: RequestContext,
): Promise<ListAttachedUserPoliciesResponse> =>
  listAttached(deps, await findOwner(deps, account, 'user', input.UserName), input)

export const listAttachedGroupPolicies = async (
  deps: IamDeps,
  input: ListAttachedGroupPoliciesRequest,
  { account }: RequestContext,
): Promise<ListAttachedGroupPoliciesResponse> =>
  listAttached(deps, await findOwner(deps, account, 'group', input.GroupName), input)
