import type {
  ListInstanceProfilesForRoleRequest,
  ListInstanceProfilesForRoleResponse,
} from '../../../model/generated/iam.ts'
import type { RequestContext } from '../../operation.ts'
import type { IamDeps } from '../iam-deps.ts'
import { findRole } from './role-store.ts'

/** There are no instance profiles; tools ask before they delete a role. */
export async function listInstanceProfilesForRole(
  deps: IamDeps,
  input: ListInstanceProfilesForRoleRequest,
  { account }: RequestContext,
): Promise<ListInstanceProfilesForRoleResponse> {
  await findRole(deps, account, input.RoleName)
  return { InstanceProfiles: [], IsTruncated: false }
}
