import type { ListPoliciesRequest, ListPoliciesResponse } from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import { awsManagedPolicies } from '../aws-managed/aws-managed-policies.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOf } from '../paging.ts'
import { type FoundPolicy, readUsage, toListedPolicy } from './policy-store.ts'

/** The account's own policies first, then those of AWS. */
export async function listPolicies(
  deps: IamDeps,
  input: ListPoliciesRequest,
  { account }: RequestContext,
): Promise<ListPoliciesResponse> {
  const { Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter } = input
  const found: FoundPolicy[] = []
  if (Scope !== 'AWS') {
    const rows = await deps.database.query
      .selectFrom('iam_policies')
      .selectAll()
      .where('account', '=', account)
      .execute()
    found.push(...rows.map((row) => ({ origin: 'account' as const, row })))
  }
  if (Scope !== 'Local') found.push(...awsManagedPolicies.map((policy) => ({ origin: 'aws' as const, policy })))
  const usage = await readUsage(deps, account)
  const wanted = found
    .map((policy) => ({ policy: toListedPolicy(policy, usage), order: policy.origin === 'aws' ? 1 : 0 }))
    .filter(({ policy }) => policy.Path!.startsWith(PathPrefix))
    .filter(({ policy }) => !OnlyAttached || policy.AttachmentCount! + policy.PermissionsBoundaryUsageCount! > 0)
    .filter(({ policy }) => PolicyUsageFilter !== 'PermissionsPolicy' || policy.AttachmentCount! > 0)
    .filter(({ policy }) => PolicyUsageFilter !== 'PermissionsBoundary' || policy.PermissionsBoundaryUsageCount! > 0)
  const scope = ['policies', account, Scope, OnlyAttached, PathPrefix, PolicyUsageFilter]
  const keyOf = ({ policy, order }: (typeof wanted)[number]) => `${order}${policy.PolicyName!.toLowerCase()}`
  const { items, ...paging } = pageOf(wanted, keyOf, scope, input)
  return { Policies: items.map(({ policy }) => policy), ...paging }
}
