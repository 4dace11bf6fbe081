import type { DeleteRoleRequest } from '../../../model/generated/iam.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { credentialsChanged } from '../access-keys/key-changes.ts'
import { identityChanged } from '../authorization/identity-policies.ts'
import { noSuchRole } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { noPoliciesLeft } from '../owner.ts'
import { findRole } from './role-store.ts'

/** The role's sessions end with it. */
export async function deleteRole(deps: IamDeps, input: DeleteRoleRequest, context: RequestContext): Promise<void> {
  const row = await findRole(deps, context.account, input.RoleName)
  await deps.database.commit([
    ...noPoliciesLeft(deps, row.role_id),
    statement(
      deps.database.query.deleteFrom('iam_roles').where('role_id', '=', row.role_id),
      one(() => noSuchRole(input.RoleName)),
    ),
    credentialsChanged(deps.changeFeed, row.role_id),
    identityChanged(deps.changeFeed, row.role_id),
  ])
}
